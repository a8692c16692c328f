import { changeRepository, seekChange, type Change, type Changed, type Sought } from './changes.ts';
import type { GitHub } from './client.ts';
import { readRepository, type Question, type Read } from './questions.ts';

/** All that may be read and changed in repositories on somebody's behalf, over one client. */
export interface RepositoryApi {
  read(repository: string, question: Question, signal: AbortSignal): Promise<Read>;
  change(repository: string, change: Change, mark: string, signal: AbortSignal): Promise<Changed>;
  seek(repository: string, sought: Parameters<typeof seekChange>[2], signal: AbortSignal): Promise<Sought>;
}

/** Paths are made here from a closed set of questions and changes; nobody passes one in. */
export function createRepositoryApi(github: Pick<GitHub, 'get' | 'post'>): RepositoryApi {
  return {
    read: (repository, question, signal) => readRepository(github, repository, question, signal),
    change: (repository, change, mark, signal) => changeRepository(github, repository, change, mark, signal),
    seek: (repository, sought, signal) => seekChange(github, repository, sought, signal),
  };
}
