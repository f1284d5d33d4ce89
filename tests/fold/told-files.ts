/** Files of which a test says what their lister tells beside metadata. */
import { bytesKey, utf8 } from '../../src/base/bytes.ts'
import type { Artifact, Lister } from '../../src/source/artifact.ts'
import type { Listed } from '../../src/source/describe.ts'
import type { Session, SessionWish } from './lab.ts'
import { subtreeScope } from './lab.ts'

type Told = Omit<Listed, 'meta'> & { readonly unreadable?: string }

export class ToldFiles implements Artifact {
  readonly reader = 'files'
  readonly lister: Lister
  readonly told = new Map<string, Told | (() => Told)>()
  /** `settled` and `unsettled`, as they were called. */
  readonly calls: string[] = []

  constructor(real: Lister) {
    const told = (listed: Listed): Listed => {
      const says = this.told.get(bytesKey(listed.meta.path))
      const { unreadable, ...extras } = (typeof says === 'function' ? says() : says) ?? {}
      return { ...listed, ...extras, meta: { ...listed.meta, ...(unreadable !== undefined && { unreadable }) } }
    }
    this.lister = {
      stat(path) {
        const listed = real.stat(path)
        return listed && told(listed)
      },
      *walk(path) {
        for (const listed of real.walk(path)) yield told(listed)
      },
    }
  }

  settled(): void {
    this.calls.push('settled')
  }

  unsettled(): void {
    this.calls.push('unsettled')
  }

  /** Reconciles everything; the bytes that were read from the files. */
  async follow(session: Session, wish: SessionWish = {}): Promise<number> {
    let bytesRead = 0
    await session.reconcile([subtreeScope('')], {
      artifact: this,
      lister: this.lister,
      onProgress({ doneBytes }) {
        bytesRead = doneBytes
      },
      ...wish,
    })
    return bytesRead
  }
}

/** What the brick holds under a name. */
export function recordOf({ view }: Session, name: string): NonNullable<ReturnType<Session['view']['entry']>> {
  const entry = view.entry(utf8(name))
  if (entry === undefined) throw new Error(`no entry ${name}`)
  return entry
}
