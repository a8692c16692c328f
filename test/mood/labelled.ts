/** What a message should be found to be; `none` for no mood. */
export type Label = 'back-off' | 'acknowledge' | 'simplify' | 'none';

export interface Labelled {
  readonly label: Label;
  readonly text: string;
}

/** Reads blocks of one message a line; `\n` in it stands for a line end. */
export function labelled(blocks: Readonly<Record<Label, string>>): readonly Labelled[] {
  return Object.entries(blocks).flatMap(([label, block]) =>
    block
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => ({ label: label as Label, text: line.replaceAll(String.raw`\n`, '\n') })),
  );
}

/** How well the found tiers fit the labels: by tier, and which messages do not. */
export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly found: number;
  readonly expected: number;
}

/** Precision and recall of each tier, and the messages that were taken for something else. */
export function score(
  messages: readonly Labelled[],
  tierOf: (text: string) => Label,
): { readonly byTier: Readonly<Record<Label, Score>>; readonly wrong: readonly string[] } {
  const judged = messages.map((message) => ({ ...message, found: tierOf(message.text) }));
  const of = (tier: Label): Score => {
    const found = judged.filter((each) => each.found === tier);
    const expected = judged.filter((each) => each.label === tier);
    const right = found.filter((each) => each.label === tier).length;
    const share = (count: number): number => (count === 0 ? 1 : right / count);
    return {
      precision: share(found.length),
      recall: share(expected.length),
      found: found.length,
      expected: expected.length,
    };
  };
  const wrong = judged.filter(({ label, found }) => label !== found);
  return {
    byTier: { 'back-off': of('back-off'), acknowledge: of('acknowledge'), simplify: of('simplify'), none: of('none') },
    wrong: wrong.map(({ label, found, text }) => `${label} taken for ${found}: ${JSON.stringify(text)}`),
  };
}
