/** The middle value; the upper one of an even number. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export function pause(waitSeconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitSeconds * 1_000));
}

/** `--name N` of the command line. */
export function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}
