/** Under which licence a source text says that it is, by its SPDX line or by the words of well-known ones. */

/** `head`: the beginning of the text. An SPDX expression, or the SPDX name of a licence whose words are there. */
export function licenceOf(head: string): string | undefined {
  const spdx = /SPDX-License-Identifier:[ \t]*([\w.+() -]{2,100}?)[ \t]*(?:\*\/|-->|$)/m.exec(head)?.[1]
  if (spdx !== undefined) return spdx.trim()
  // Comment marks and line ends fall in the middle of sentences.
  const words = head.slice(0, headMax).replace(/[\s*#;/]+/g, ' ')
  return known.find(({ pattern }) => pattern.test(words))?.name
}

const headMax = 16_384

/** The narrower first: the LGPL speaks of the GPL, too. */
const known: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'AGPL-3.0', pattern: /GNU Affero General Public License/i },
  {
    name: 'LGPL-2.1-or-later',
    pattern: /GNU Lesser General Public License.{0,200}version 2\.1.{0,60}or \(?at your option\)? any later/i,
  },
  { name: 'LGPL', pattern: /GNU (?:Lesser|Library) General Public License/i },
  { name: 'GPL-3.0-or-later', pattern: /GNU General Public License.{0,200}version 3.{0,60}any later version/i },
  { name: 'GPL-2.0-or-later', pattern: /GNU General Public License.{0,200}version 2.{0,60}any later version/i },
  { name: 'GPL-2.0-only', pattern: /GNU General Public License.{0,60}version 2/i },
  { name: 'GPL', pattern: /GNU General Public License/i },
  { name: 'Apache-2.0', pattern: /Apache License,? Version 2\.0/i },
  { name: 'MPL-2.0', pattern: /Mozilla Public License.{0,20}2\.0/i },
  { name: 'BSL-1.0', pattern: /Boost Software License/i },
  {
    name: 'ISC',
    pattern:
      /Permission to use, copy, modify, and(?:\/or| or)? distribute this software for any purpose with or without fee/i,
  },
  { name: 'MIT', pattern: /Permission is hereby granted, free of charge, to any person obtaining a copy/i },
  { name: 'BSD', pattern: /Redistribution and use in source and binary forms/i },
  {
    name: 'Zlib',
    pattern:
      /provided 'as-is', without any express or implied warranty.{0,200}Permission is granted to anyone to use this software/i,
  },
  { name: 'public domain', pattern: /(?:placed|released) (?:in|into|to) the public domain|is in the public domain/i },
]
