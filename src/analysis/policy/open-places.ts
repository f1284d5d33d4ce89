/** Folders in which everybody may make files: what root runs, loads or believes must not lie there. */

/** `path` is absolute; the folder itself counts. */
export function isOpenPlace(path: string): boolean {
  return /^(?:(?:\/var)?\/tmp|\/dev\/shm|\/run\/shm|\/var\/crash|\/(?:run|var)\/lock)(?:\/|$)/.test(path)
}

/** Where packages put programs: who may write there is root already, or is told at the file itself. */
export function isPackagePlace(path: string): boolean {
  return /^\/(?:usr\/(?!local\/)|bin\/|sbin\/|lib(?:32|64|x32)?\/)/.test(path)
}
