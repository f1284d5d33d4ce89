/** A share of a whole, given as percent. */
import { InvalidArgumentError, Option } from 'commander'

/** Share of the filesystem of the bricks that stays free: `--min-free 5`. */
export function minFreeOption(what: string): Option {
  return new Option('--min-free <percent>', what).argParser(parseShare).default(0.05, '5')
}

/** `5` or `2.5 %`; 0 .. 1 is returned. */
function parseShare(text: string): number {
  const percent = Number(text.replace(/\s*%$/, ''))
  if (text.trim() === '' || !(percent >= 0 && percent < 100)) {
    throw new InvalidArgumentError('It is a percentage from 0 to below 100, as in 5.')
  }
  return percent / 100
}
