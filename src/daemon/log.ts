/** What the daemon tells its operator: a line for a person, or a JSON object a line for a collector of logs. */
import { type Logger, pino, stdTimeFunctions } from 'pino'

export type LogFields = Readonly<Record<string, string | number | boolean | null>>

export interface Log {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Lines for a person; the fields are for machines and left out. */
export function textLog(say: (text: string) => void): Log {
  const line = (message: string): void => say(message)
  return { info: line, warn: line, error: line }
}

/** JSON lines: level, time (RFC 3339), pid, msg, fields. */
export function jsonLog(stream: { write(line: string): void }): Log {
  const logger: Logger = pino(
    { base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    stream,
  )
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}
