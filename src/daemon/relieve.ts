/**
 * Has V8 collect what nothing refers to any more, once. A heap far below its limit is otherwise left as large as it has been.
 * Holds the loop for the time of a full collection: tens of milliseconds for each hundred megabytes.
 */
export async function collectGarbage(): Promise<void> {
  const collect = await exposeCollector();
  collect();
}

/**
 * Gives back what only the start had a use for: 9 MiB of an idle daemon, which V8 would keep until much more is allocated. Unlike
 * after `collectGarbage`, emptied pages go back to the system at once. Two collections in a row, which hold the loop for some
 * 50 ms with the heap of a start: once, and not with a large one.
 */
export async function giveBackStart(): Promise<void> {
  const collect = await exposeCollector();
  collect({ type: 'major', flavor: 'last-resort' });
}

type Collect = (options?: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

async function exposeCollector(): Promise<Collect> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  // The function is only made in a context that is made while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
