/** A value of a property list. */
export type PlistValue = string | number | boolean | PlistValue[] | { [key: string]: PlistValue };

/**
 * Reads an XML property list, strictly: every tag closed, nothing but what our templates may hold. `plutil` is macOS's own.
 *
 * @throws with the place of what it does not know.
 */
export function readPlist(text: string): PlistValue {
  const tokens = text.match(/<!--[\s\S]*?-->|<[^>]+>|[^<]+/g) ?? [];
  const kept = tokens.filter((token) => !/^(<!--|<\?|<!DOCTYPE)/.test(token) && token.trim() !== '');
  let at = 0;
  const take = (expected?: string): string => {
    const token = kept[at++] ?? 'the end';
    if (expected !== undefined && token.trim() !== expected) throw new Error(`expected ${expected}, got ${token}`);
    return token.trim();
  };
  const peek = (): string => (kept[at] ?? '').trim();
  const words = (tag: string): string => {
    const said = peek() === `</${tag}>` ? '' : (kept[at++] ?? '');
    take(`</${tag}>`);
    return said.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  };
  const value = (): PlistValue => {
    const tag = take();
    if (tag === '<true/>' || tag === '<false/>') return tag === '<true/>';
    if (tag === '<string>') return words('string');
    if (tag === '<integer>') return Number(words('integer'));
    if (tag === '<array>') return list();
    if (tag === '<dict>') return dictionary();
    throw new Error(`a property list has no ${tag}`);
  };
  const list = (): PlistValue[] => {
    const items: PlistValue[] = [];
    while (peek() !== '</array>') items.push(value());
    take('</array>');
    return items;
  };
  const dictionary = (): { [key: string]: PlistValue } => {
    const found: { [key: string]: PlistValue } = {};
    while (peek() !== '</dict>') {
      take('<key>');
      const key = words('key');
      if (key in found) throw new Error(`${key} is there twice`);
      found[key] = value();
    }
    take('</dict>');
    return found;
  };
  if (!/^<plist version="1\.0">$/.test(take())) throw new Error('this is no property list');
  const found = value();
  take('</plist>');
  if (at !== kept.length) throw new Error(`after the end: ${peek()}`);
  return found;
}
