/** Whether a block of bytes looks like machine code of x86-64 or AArch64, by how often some bytes stand where. */

/** Bytes [start, stop), and how often each occurs in them. Right for most code and some tables; only section headers know. */
export function looksLikeCode(
  bytes: Uint8Array,
  { start, stop, counts }: { readonly start: number; readonly stop: number; readonly counts: Uint32Array },
): boolean {
  return looksLikeX86(stop - start, counts) || looksLikeArm64(bytes, start, stop)
}

/** REX.W, mov, lea, the two-byte prefix, calls: together a fifth of x86-64 code, and each of them there. */
const x86Bytes = [0x48, 0x8b, 0x89, 0x8d, 0x0f, 0xe8, 0x85, 0xff]
const x86ShareMin = 0.13
const x86MovShareMin = 0.01

function looksLikeX86(total: number, counts: Uint32Array): boolean {
  let count = 0
  for (const byte of x86Bytes) count += counts[byte] as number
  const movs = (counts[0x8b] as number) + (counts[0x89] as number)
  const [rex = 0, branches = 0] = [counts[0x48], (counts[0xe8] as number) + (counts[0x0f] as number)]
  return count >= x86ShareMin * total && movs >= x86MovShareMin * total && rex > 0 && branches > total / 400
}

/** The highest byte of the commonest AArch64 instructions: moves, adds, loads, stores, branches, calls. */
const arm64High = new Uint8Array(256)
for (const byte of [0x91, 0xaa, 0x94, 0x97, 0xf9, 0xb9, 0x52, 0x54, 0x34, 0x35, 0xa9, 0x90, 0xb0, 0xd0, 0xf0])
  arm64High[byte] = 1
for (const byte of [
  0xd6, 0x14, 0x17, 0xeb, 0x6b, 0xf1, 0x71, 0x39, 0x2a, 0xd2, 0xcb, 0x8b, 0xb4, 0xb5, 0x36, 0x37, 0xd5, 0xf8, 0x38,
]) {
  arm64High[byte] = 1
}
const arm64ShareMin = 0.75

/** Of every eighth instruction: code goes on for more than one block. */
const arm64Step = 32

function looksLikeArm64(bytes: Uint8Array, start: number, stop: number): boolean {
  let count = 0
  let words = 0
  for (let at = start + 3; at < stop; at += arm64Step) {
    count += arm64High[bytes[at] as number] as number
    words++
  }
  return words > 0 && count >= arm64ShareMin * words
}
