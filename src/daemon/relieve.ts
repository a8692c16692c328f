/**
 * Has V8 collect what nothing refers to any more, once. A heap far below its limit is otherwise left as large as it has been.
 * Holds the loop for the time of a full collection: tens of milliseconds for each hundred megabytes.
 */
export async function collectGarbage(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  // The function is only made in a context that is made while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
