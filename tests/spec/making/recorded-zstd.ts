/** A zstd frame as libzstd 1.5 makes it at level 19, with Huffman and FSE tables: recorded, because a later release may make another. */
import { utf8 } from '../../../src/base/bytes.ts'

/** What the frame decodes to. */
export function recordedText(): Uint8Array {
  return utf8(Array.from({ length: 120 }, (_, i) => `${i} times ${i % 7} is ${i * (i % 7)}; `).join(''))
}

export function recordedZstd(): Uint8Array {
  return new Uint8Array(Buffer.from(recorded, 'base64'))
}

const recorded = `
KLUv/WCnB4UOAOYpUhKwpdAGBAEHQ5eURHZ371kzOhFNAEwATQAVPoQLPsqCr7iCb03Bh03wNRJ8RISDb7jBUwjmw868ycyHlHmiMX8m5lthfs
bmKzV/Dvyd8SVVPAURX57hgwg/EbxtvhwIWA4CAIIANsWbBeLLPOLNiviKEPG1IT4cQnxREB+1iS+VwvB3NzyJDT9Xw5PQ8HczvIxMDF/j4dvo
8EVB+LFP+DETvqSEhJ/GCE8lwl+E8BIsfCuBpwnHB93xLjs+rI6no5vjL8jx9cTxE+LjOz3+iMH4OzO+qIwnI+MrjPHBIcbPhPE2W40fTyi+c8
VfWfEXqvgKFT81JcWHRfFUcfGdBjZ/taOzqbJ5GrL5i7F5sThsvso2X6rNl4SJq/lx1HzVdc1PVM2TqeavEzUvdM230ZoP4QIfZ4HvVeB7FPi4
CXydBD5CBAe+Qw2AgKgRgByBQeDWdqCjgloDEBihEcNcbC0N9h1urjfwZws11qD3KJOjzG6U1ChfRgGxcJEKBgQ5uRs7qlfNmK5sBkNQhisTnv
GFzajNBQlLyVa8ayScqDelier7oF1QInsLKABqAFu8GL7nLXabbos7+lpmo0LULhwtAFACtwRX6cB1yq8C
`
