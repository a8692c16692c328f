/** `<@U0123> do this` → who is addressed, and what is said. */
export function splitMention(text: string): { readonly mention: string | undefined; readonly rest: string } {
  const found = /^\s*<@([UW][A-Z0-9]{2,20})(?:\|[^>]{0,100})?>[\s,:]*/.exec(text);
  return found === null ? { mention: undefined, rest: text } : { mention: found[1], rest: text.slice(found[0].length) };
}

/** What a person typed, out of Slack's markup: links as their address, people and channels by name or id. */
export function plainSlack(text: string): string {
  return text
    .replaceAll(/<([^<>]{1,2000})>/g, (_whole, inner: string) => plainPart(inner))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}

function plainPart(inner: string): string {
  const [target = '', label] = inner.split('|', 2);
  if (target.startsWith('@') || target.startsWith('#')) return `${target[0]}${label ?? target.slice(1)}`;
  if (target.startsWith('!')) return `@${label ?? target.slice(1)}`;
  // Slack makes links of what merely looks like one: "example.test" was typed, not "http://example.test".
  return label !== undefined && target.replace(/^(?:https?:\/\/|mailto:)/, '').replace(/\/$/, '') === label
    ? label
    : target;
}
