/** Algorithms of SSH that are broken or far too short, in lists as the options of ssh and sshd have them. */

/** As a whole name in a list that chooses or adds them; a list that begins with `-` takes them away. */
export const brokenCiphers = namesOf(
  'none|arcfour|arcfour128|arcfour256|3des-cbc|blowfish-cbc|cast128-cbc|des-cbc|rijndael-cbc@lysator\\.liu\\.se',
)
export const brokenMacs = namesOf('none|hmac-md5|hmac-md5-96|hmac-sha1-96|hmac-md5-etm@openssh\\.com')
export const brokenExchanges = namesOf('diffie-hellman-group1-sha1|diffie-hellman-group-exchange-sha1')
export const brokenHostKeys = namesOf('ssh-dss|ssh-dss-cert-v01@openssh\\.com')

function namesOf(names: string): RegExp {
  return new RegExp(`^(?!-)[+^]?(?:[^,]*,){0,64}(?:${names})(?:,|$)`)
}
