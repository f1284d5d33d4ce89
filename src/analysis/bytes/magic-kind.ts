/** From a MIME type, as libmagic gives it, to what analyzers choose by. */
import type { FileType } from '../file-type.ts'

/** `data` where the type says nothing else. Moving pictures count as `audio`: recordings. */
export function kindOfMime(mimeType: string): FileType['kind'] {
  const known = exact.get(mimeType)
  if (known !== undefined) return known
  const [family] = mimeType.split('/', 1)
  if (family === 'image') return 'image'
  if (family === 'audio' || family === 'video') return 'audio'
  if (family === 'font') return 'document'
  if (family === 'text') return 'text'
  return patterns.find(([pattern]) => pattern.test(mimeType))?.[1] ?? 'data'
}

const exact = new Map<string, FileType['kind']>([
  ['application/gzip', 'compressed'],
  ['application/zlib', 'compressed'],
  ['application/x-xz', 'compressed'],
  ['application/x-lzma', 'compressed'],
  ['application/x-bzip2', 'compressed'],
  ['application/zstd', 'compressed'],
  ['application/x-lz4', 'compressed'],
  ['application/x-lzip', 'compressed'],
  ['application/x-lzop', 'compressed'],
  ['application/x-compress', 'compressed'],
  ['application/x-snappy-framed', 'compressed'],
  ['application/zip', 'archive'],
  ['application/java-archive', 'archive'],
  ['application/vnd.debian.binary-package', 'archive'],
  ['application/pdf', 'document'],
  ['application/postscript', 'document'],
  ['application/msword', 'document'],
  ['application/epub+zip', 'document'],
  ['application/x-tex-tfm', 'document'],
  ['application/x-java-applet', 'bytecode'],
  ['application/x-bytecode.python', 'bytecode'],
  ['application/wasm', 'bytecode'],
  ['application/json', 'text'],
  ['application/x-ndjson', 'text'],
  ['application/javascript', 'text'],
  ['application/pgp-keys', 'text'],
  ['message/rfc822', 'text'],
  ['inode/x-empty', 'empty'],
])

const patterns: readonly (readonly [RegExp, FileType['kind']])[] = [
  [/bytecode|x-elc|llvm|applet/, 'bytecode'],
  [/tar|cpio|archive|7z|rar|rpm|squashfs|cab|iso9660|x-arj|x-lha|stuffit/, 'archive'],
  [/sqlite|dbf|dbm|x-dbm|berkeley|ms-access/, 'database'],
  [/opendocument|officedocument|ms-|vnd\.oasis|font|tex|info|vnd\.lotus/, 'document'],
]
