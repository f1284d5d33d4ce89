/**
 * Our own YARA rules: constants of known algorithms, and headers of formats inside other files.
 *
 * Only what is long enough to be no chance, or what embedded-shapes.ts can check byte by byte after the match. The meta
 * fields are for code: `label` is shown, `shape` names the check. Each constant is from the algorithm's own standard.
 */

export interface RuleMeta {
  readonly label: string
  /** A key of `shapes` in embedded-shapes.ts, or `constant`: the match itself is all there is. */
  readonly shape: string
}

/** One rule of YARA, in the language that yara 4 and YARA-X share. */
export interface Rule extends RuleMeta {
  readonly name: string
  /** Patterns as YARA writes them: hex in braces, or text in quotes with modifiers. Any of them is a match. */
  readonly patterns: readonly string[]
}

function constant(name: string, label: string, ...patterns: readonly string[]): Rule {
  return { name, label, shape: 'constant', patterns }
}

function shaped(shape: string, label: string, ...patterns: readonly string[]): Rule {
  return { name: `embedded_${shape}`, label, shape, patterns }
}

/** The same words of 32 bits in both byte orders. */
function words(...hex: readonly string[]): readonly [string, string] {
  const big = hex.map((word) => word.match(/../g) ?? [])
  const text = (bytes: readonly (readonly string[])[]) => `{ ${bytes.map((word) => word.join(' ')).join(' ')} }`
  return [text(big), text(big.map((word) => word.toReversed()))]
}

export const rules: readonly Rule[] = [
  constant('aes_sbox', 'AES S-box', '{ 63 7c 77 7b f2 6b 6f c5 30 01 67 2b fe d7 ab 76 ca 82 c9 7d fa 59 47 f0 }'),
  constant('aes_inverse_sbox', 'AES inverse S-box', '{ 52 09 6a d5 30 36 a5 38 bf 40 a3 9e 81 f3 d7 fb 7c e3 39 82 }'),
  constant('aes_te0', 'AES round table', ...words('c66363a5', 'f87c7c84', 'ee777799', 'f67b7b8d')),
  constant('sha1_initial', 'SHA-1 initial state', ...words('67452301', 'efcdab89', '98badcfe', '10325476', 'c3d2e1f0')),
  constant('sha256_k', 'SHA-256 round constants', ...words('428a2f98', '71374491', 'b5c0fbcf', 'e9b5dba5', '3956c25b')),
  constant('sha256_initial', 'SHA-256 initial state', ...words('6a09e667', 'bb67ae85', '3c6ef372', 'a54ff53a')),
  constant(
    'sha512_k',
    'SHA-512 round constants',
    '{ 42 8a 2f 98 d7 28 ae 22 71 37 44 91 23 ef 65 cd }',
    '{ 22 ae 28 d7 98 2f 8a 42 cd 65 ef 23 91 44 37 71 }',
  ),
  constant('md5_t', 'MD5 round constants', ...words('d76aa478', 'e8c7b756', '242070db', 'c1bdceee')),
  constant(
    'keccak_rc',
    'SHA-3 round constants',
    '{ 01 00 00 00 00 00 00 00 82 80 00 00 00 00 00 00 8a 80 00 00 00 00 00 80 }',
  ),
  constant('blake2b_iv', 'SHA-512 or BLAKE2b initial state', '{ 08 c9 bc f3 67 e6 09 6a 3b a7 ca 84 85 ae 67 bb }'),
  constant('blowfish_p', 'Blowfish P-array', ...words('243f6a88', '85a308d3', '13198a2e', '03707344')),
  constant('chacha_sigma', 'ChaCha20 or Salsa20 constant', '"expand 32-byte k"'),
  constant('bcrypt_text', 'bcrypt constant', '"OrpheanBeholderScryDoubt"'),
  constant('siphash_text', 'SipHash constant', '"somepseudorandomlygeneratedbytes"'),
  constant(
    'des_sbox',
    'DES S-box',
    '{ 0e 04 0d 01 02 0f 0b 08 03 0a 06 0c 05 09 00 07 }',
    '{ 0e 00 04 0f 0d 07 01 04 02 0e 0f 02 0b 0d 08 01 }',
  ),
  constant('camellia_sbox', 'Camellia S-box', '{ 70 82 2c ec b3 27 c0 e5 e4 85 57 35 ea 0c ae 41 }'),
  constant('sm4_sbox', 'SM4 S-box', '{ d6 90 e9 fe cc e1 3d b7 16 b6 14 c2 28 fb 2c 05 }'),
  constant('crc32_table', 'CRC-32 table', ...words('77073096', 'ee0e612c', '990951ba', '076dc419')),
  constant('crc32c_table', 'CRC-32C table', ...words('f26b8303', 'e13b70f7', '1350f3f4', 'c79a971f')),
  constant('base64_alphabet', 'base64 alphabet', '"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"'),
  constant(
    'upx_magic',
    'UPX packer mark',
    '"$Info: This file is packed with the UPX executable packer"',
    '"$Id: UPX "',
  ),

  shaped('elf', 'ELF file', '{ 7f 45 4c 46 (01 | 02) (01 | 02) 01 ?? ?? 00 00 00 00 00 00 00 }'),
  shaped('pe', 'Windows executable', '"This program cannot be run in DOS mode"'),
  shaped('gzip', 'gzip data', '{ 1f 8b 08 (00 | 08) ?? ?? ?? ?? (00 | 02 | 04) (00 | 03 | 07 | 0a | 0b | ff) }'),
  shaped('xz', 'xz data', '{ fd 37 7a 58 5a 00 00 (00 | 01 | 04 | 0a) }'),
  shaped('bzip2', 'bzip2 data', '{ 42 5a 68 3? 31 41 59 26 53 59 }'),
  shaped('zip', 'Zip archive', '{ 50 4b 03 04 (0a | 14 | 2d | 33) 00 ?? ?? (00 | 08) 00 }'),
  shaped('sevenzip', '7-Zip archive', '{ 37 7a bc af 27 1c 00 (02 | 03 | 04) }'),
  shaped('squashfs', 'SquashFS file system', '"hsqs"'),
  shaped('cpio', 'cpio archive', '"070701"'),
  shaped('png', 'PNG image', '{ 89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52 }'),
  shaped(
    'sqlite',
    'SQLite database',
    '{ 53 51 4c 69 74 65 20 66 6f 72 6d 61 74 20 33 00 ?? ?? (01 | 02) (01 | 02) ?? 40 20 20 }',
  ),
  shaped('wasm', 'WebAssembly module', '{ 00 61 73 6d 01 00 00 00 (00 | 01) }'),
  shaped('dtb', 'device tree', '{ d0 0d fe ed 00 }'),
  shaped('certificate', 'X.509 certificate (DER)', '{ 30 82 ?? ?? 30 82 ?? ?? a0 03 02 01 02 02 }'),
  shaped(
    'pkcs8',
    'private key (PKCS #8, DER)',
    '{ 30 (81 ?? | 82 ?? ??) 02 01 00 30 (0d | 10 | 13 | 14) 06 (07 | 08 | 09) 2a 86 48 }',
    '{ 30 (2e | 47) 02 01 00 30 05 06 03 2b 65 }',
  ),
  shaped('pem', 'PEM block', '"-----BEGIN "'),
]

/** `yara -s` finds the same with this text in a file. */
export function rulesText(): string {
  return rules.map(ruleText).join('\n')
}

function ruleText({ name, label, shape, patterns }: Rule): string {
  const strings = patterns.map((pattern, index) => `    $p${index} = ${pattern}`).join('\n')
  return `rule ${name}
{
  meta:
    label = "${label}"
    shape = "${shape}"
  strings:
${strings}
  condition:
    any of them
}
`
}
