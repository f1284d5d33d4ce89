/**
 * What the server shows, as the daemon hands it over. The server changes nothing behind it and keeps no view longer
 * than a request or an index needs it.
 */
import type { FeedLimit, FeedPart } from '../catalog/feed-rows.ts'
import type { Accepted } from '../read/accepted.ts'
import type { BrickView } from '../store/brick-view.ts'
import type { BrickInfo, ControlPath, FeedMessage, ModelStatusJson, TasksAnswer } from '../wire/api.ts'

/** What the server shows; the daemon implements it. */
export interface Foundry {
  readonly version: string
  readonly host: string
  /** Feed epoch and number of the last message. */
  readonly epoch: string
  readonly sequence: number
  /** Number of the oldest message that is kept. */
  readonly oldest: number
  /** Kept messages after a number, with gaps named; empty: there are none. */
  since(asked: { readonly after: number; readonly limit: FeedLimit }): readonly FeedPart[]
  bricks(): readonly BrickInfo[]
  /** The view of that commit where it is still served (the newest and some before it), else undefined. */
  view(uuid: string, commit: string): BrickView | undefined
  /** The newest view of a brick. */
  newest(uuid: string): BrickView | undefined
  /** A reader met damage in that brick. */
  damaged?(uuid: string): void
  /** Where the index of names is; absent: there is none. */
  readonly catalogPath?: string | undefined
  tasks(): TasksAnswer
  /** Left out: there is none, and none is wanted. */
  model?(): Promise<ModelStatusJson | undefined>
  /** Findings that somebody accepts. */
  accepted?(): Accepted
  /** The figures of the moment in Prometheus' text format. */
  metrics(): Promise<string>
  /** Calls until the returned function is called. */
  subscribe(listener: (message: FeedMessage) => void): () => void
  /** Shared secret of this state; 43 characters base64url. */
  readonly token: string
  /** Random id of the state folder, names the cookie. */
  readonly stateId: string
}

export interface RunningServer {
  /** http://127.0.0.1:PORT */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** What scripts may ask of the daemon; the value is the JSON answer, undefined an empty object. Throws FoundryError. */
export type Control = (path: ControlPath, body: unknown) => Promise<unknown>

/** Time, as the server needs it. */
export interface ServerPorts {
  /** Monotonic milliseconds, origin unspecified. */
  monotonicMs(): number
  /** Lets other work of the event loop run. */
  pause(): Promise<void>
  /** Calls `run` every `periodMs` until the returned function is called. */
  every(periodMs: number, run: () => void): () => void
}
