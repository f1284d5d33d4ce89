/**
 * Writes numbered lines at a rate until there are enough: PATH LINES LINES_PER_SECOND [own]. SIGHUP: opens its file anew.
 * `own`: it renames its file to a dated name every 2,000 lines and makes a new one.
 */
import fs from 'node:fs'

const [path = '', linesText = '', rateText = '', style = ''] = process.argv.slice(2)
const [lines, rate] = [Number(linesText), Number(rateText)]
let fd = fs.openSync(path, 'a')
let written = 0
let rotations = 0
const beganMs = performance.now()

process.on('SIGHUP', () => {
  fs.closeSync(fd)
  fd = fs.openSync(path, 'a')
})

const timer = setInterval(() => {
  const due = Math.min(lines, Math.floor(((performance.now() - beganMs) / 1_000) * rate))
  let text = ''
  for (; written < due; written++)
    text += `2026-01-02T03:04:05Z writer[7]: INFO line ${written} of many, as long as lines are\n`
  if (text !== '') fs.writeSync(fd, text)
  if (style === 'own' && written >= 2_000 * (rotations + 1)) {
    rotations++
    fs.renameSync(path, `${path}-2026010${Math.floor(rotations / 100)}${String(rotations % 100).padStart(2, '0')}`)
    fs.closeSync(fd)
    fd = fs.openSync(path, 'a')
  }
  if (written < lines) return
  clearInterval(timer)
  fs.closeSync(fd)
}, 5)
