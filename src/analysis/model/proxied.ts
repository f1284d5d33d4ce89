/** Whether requests of this program go through a proxy: what is described would pass another machine. */

type Environment = Readonly<Record<string, string | undefined>>

/** Node.js does so where NODE_USE_ENV_PROXY or --use-env-proxy says it, but for the hosts that NO_PROXY names. */
export function isProxied(hostname: string, env: Environment): boolean {
  const isOn = env['NODE_USE_ENV_PROXY'] === '1' || /--use-env-proxy\b/.test(env['NODE_OPTIONS'] ?? '')
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY']
  if (!isOn || !names.some((name) => (env[name] ?? '') !== '')) return false
  const left = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/)
  return !left.includes('*') && !left.includes(hostname)
}
