/** Values of a template by name. A line with several is written once for each; with none it is left out. */
export type TemplateValues = Readonly<Record<string, string | readonly string[]>>;

const PLACEHOLDER = /@([a-z][A-Za-z]*)@/;

/**
 * Fills a template line by line: `Environment=@environment@` becomes one line for each value, and none for an empty list. A
 * comment that stands right above a line left out goes with it.
 *
 * @param escape What a value goes through first, so that it stays one value in the language of the file.
 * @throws {Error} when a placeholder has no value: a defect of the template.
 */
export function fillTemplate(template: string, values: TemplateValues, escape: (value: string) => string): string {
  const filled: string[] = [];
  for (const line of template.split('\n')) {
    const written = fillLine(line, values, escape);
    if (written.length === 0) dropCommentAbove(filled, line);
    else filled.push(...written);
  }
  return filled.join('\n');
}

function fillLine(line: string, values: TemplateValues, escape: (value: string) => string): string[] {
  const name = PLACEHOLDER.exec(line)?.[1];
  if (name === undefined) return [line];
  const value = values[name];
  if (value === undefined) throw new Error(`the template has ${name}, which has no value`);
  return [value].flat().map((one) => line.replace(`@${name}@`, () => escape(one)));
}

/** What explains a line that is not there explains nothing. Only the one line, and only if nothing else stands below it. */
function dropCommentAbove(filled: string[], line: string): void {
  const isComment = filled.at(-1)?.startsWith('#') === true;
  if (isComment && !line.startsWith('#') && OWN_COMMENT.has(PLACEHOLDER.exec(line)?.[1] ?? '')) filled.pop();
}

const OWN_COMMENT = new Set(['credential', 'freeBind']);
