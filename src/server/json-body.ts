/** A small JSON body, read to its bound and no further. */
import { invalid, Refusal } from './refusal.ts'

/** Undefined where the body is empty. Throws a Refusal, status 400, 413 or 415. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const bytes = await readBounded(request, bytesMax)
  if (bytes.length === 0) return undefined
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json *(;|$)/i.test(type)) {
    throw new Refusal({ status: 415, code: 'REQUEST_INVALID', message: 'The body must be application/json.' })
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch {
    throw invalid('The body is not JSON.')
  }
}

async function readBounded(request: Request, bytesMax: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const parts: Uint8Array[] = []
  let count = 0
  for await (const part of request.body ?? []) {
    count += part.length
    if (count > bytesMax) throw tooLarge(bytesMax)
    parts.push(part)
  }
  return Buffer.concat(parts, count)
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal({ status: 413, code: 'REQUEST_TOO_LARGE', message: `The body may have ${bytesMax} bytes.` })
}
