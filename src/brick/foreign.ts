/** What a file is that is not a brick of this format, as far as its first bytes tell; for the error message alone. */

/** Such as "a PNG image"; undefined where the bytes are not recognised. */
export function foreignName(head: Uint8Array): string | undefined {
  if (head.length === 0) return 'an empty file'
  return signatures.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte))?.name
}

const signatures: readonly { readonly bytes: readonly number[]; readonly name: string }[] = [
  { bytes: ascii('V2BR'), name: 'a V2BR brick of the older format (import it)' },
  { bytes: ascii('BRICK'), name: 'an executable BRICK of another program' },
  { bytes: ascii('BRCK'), name: 'an executable BRCK of another program' },
  { bytes: ascii('KCRB'), name: 'an executable BRCK of another program' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], name: 'a PNG image' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], name: 'an ELF binary (fold it to make a brick of it)' },
  { bytes: [0x1f, 0x8b], name: 'a gzip file (decompress it first if a brick is inside)' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], name: 'a zstd file (decompress it first if a brick is inside)' },
  { bytes: ascii('BLK1'), name: 'the frames of a brick without its head' },
]

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0))
}
