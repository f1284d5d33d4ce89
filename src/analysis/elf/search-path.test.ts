import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badSearchPlaces } from './search-path.ts'

function check(path: string, expected: readonly string[]): void {
  assert.deepEqual(
    badSearchPlaces(path).map(({ place, severity }) => `${severity} ${place}`),
    expected,
    path,
  )
}

test('places that only an administrator can fill, and those beside the program, are left alone', () => {
  check('/usr/lib/x86_64-linux-gnu/systemd:/opt/app/lib', [])
  check('$ORIGIN:$ORIGIN/../lib:$\u007bORIGIN}/x', [])
})

test('places that others can fill are told, each once', () => {
  check('', ['medium '])
  check('/usr/lib:', ['medium '])
  check('lib:./x:..:lib', ['medium lib', 'medium ./x', 'medium ..'])
  check('$LIB/x:$ORIGINAL', ['medium $LIB/x', 'medium $ORIGINAL'])
  check('/tmp/build/lib:/var/tmp:/dev/shm/x', ['medium /tmp/build/lib', 'medium /var/tmp', 'medium /dev/shm/x'])
  check('/home/me/lib:/homes/lib:/build/x', ['low /home/me/lib', 'low /build/x'])
})
