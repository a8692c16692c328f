/** What is no text of the page. */
const SKIPPED = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'math',
  'iframe',
  'object',
  'canvas',
  'head',
  'select',
  'textarea',
  'dialog',
]);
/** Their content is text whatever it looks like, up to their own end. */
const RAW = new Set(['script', 'style', 'textarea', 'title', 'iframe', 'noscript']);
const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]);
const BLOCKS = new Set(
  `address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr
  li main nav ol p pre section summary table tbody tfoot thead tr ul`.split(/\s+/),
);
const DEPTH_MAX = 2_000;

interface Open {
  readonly name: string;
  readonly skipped: boolean;
  readonly href: string | undefined;
}

/**
 * The readable text of a page: headings with `#`, items with `-`, links with their address, tables with `|`, preformatted
 * text as it is; no scripts, no styles, nothing that is marked as hidden. Reads the source once from left to right, in time
 * proportional to its length, and never fails: broken HTML gives what text there is.
 */
export function htmlToText(html: string, base: URL): string {
  const page = new Page(base);
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    if (open > at) page.text(html.slice(at, open));
    at = page.markup(html, open);
  }
  if (at < html.length) page.text(html.slice(at));
  return page.finish();
}

class Page {
  readonly #base: URL;
  readonly #parts: string[] = [];
  readonly #open: Open[] = [];
  #preformatted = 0;
  #title = '';

  constructor(base: URL) {
    this.#base = base;
  }

  text(source: string): void {
    if (this.#open.at(-1)?.skipped === true) return;
    const text = decodeEntities(source);
    if (this.#preformatted > 0) this.#parts.push(text);
    else this.#flow(text.replaceAll(/[ \t\r\n\f]+/g, ' '));
  }

  /** Takes the tag, comment or declaration at a `<`. @returns Where the source goes on. */
  markup(html: string, at: number): number {
    if (html.startsWith('<!--', at)) return after(html, '-->', at + 4);
    if (/[!?]/.test(html[at + 1] ?? '')) return after(html, '>', at + 2);
    TAG.lastIndex = at;
    const found = TAG.exec(html);
    if (found === null) {
      // A quote that nothing closes: the tag ends where it would without. Text such as `a < b` is no tag.
      if (/[a-zA-Z/]/.test(html[at + 1] ?? '')) return after(html, '>', at + 1);
      this.text('<');
      return at + 1;
    }
    const [tag, closing, rawName = '', attributes = ''] = found;
    const name = rawName.toLowerCase();
    if (closing === '/') this.#close(name);
    else return this.#enter(name, attributes, html, at + tag.length);
    return at + tag.length;
  }

  finish(): string {
    const lines = this.#parts.join('').split('\n');
    const text = lines
      .map((line) => line.trimEnd())
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim();
    return this.#title === '' ? text : `Title: ${this.#title}\n\n${text}`;
  }

  /** Spaces beside each other, or at the beginning of a line, are one or none. */
  #flow(text: string): void {
    const last = this.#parts.at(-1) ?? '\n';
    this.#parts.push(text.startsWith(' ') && /[ \n]$/.test(last.slice(-1)) ? text.slice(1) : text);
    if (this.#parts.at(-1) === '') this.#parts.pop();
  }

  #enter(name: string, attributes: string, html: string, at: number): number {
    const skipped = this.#open.at(-1)?.skipped === true || SKIPPED.has(name) || isHidden(attributes);
    if (RAW.has(name)) return this.#raw(name, skipped, html, at);
    if (!skipped) this.#begin(name, attributes);
    if (VOID.has(name) || this.#open.length >= DEPTH_MAX) return at;
    if (name === 'pre' && !skipped) this.#preformatted += 1;
    this.#open.push({ name, skipped, href: name === 'a' ? this.#address(attributes) : undefined });
    // A head that was never closed would swallow the page.
    if (name === 'body') this.#open.splice(0, this.#open.length, { name, skipped: false, href: undefined });
    return at;
  }

  #begin(name: string, attributes: string): void {
    if (name === 'br') this.#parts.push('\n');
    else if (name === 'hr') this.#parts.push('\n\n---\n\n');
    else if (name === 'img') this.#parts.push(decodeEntities(attribute(attributes, 'alt') ?? ''));
    else if (name === 'td' || name === 'th') this.#parts.push(' | ');
    else if (name === 'li') this.#parts.push('\n- ');
    else if (/^h[1-6]$/.test(name)) this.#parts.push(`\n\n${'#'.repeat(Number(name[1]))} `);
    else if (BLOCKS.has(name)) this.#parts.push(name === 'tr' || name === 'dd' || name === 'dt' ? '\n' : '\n\n');
  }

  /** Ends the innermost element of that name, and what was left open in it. */
  #close(name: string): void {
    const index = this.#open.findLastIndex((one) => one.name === name);
    if (index < 0) return;
    for (const { name: inner, skipped, href } of this.#open.splice(index).toReversed()) {
      if (skipped) continue;
      if (href !== undefined) this.#parts.push(` (${href})`);
      if (inner === 'pre') this.#preformatted = Math.max(0, this.#preformatted - 1);
      if (BLOCKS.has(inner)) this.#parts.push(/^(li|tr|dt|dd)$/.test(inner) ? '\n' : '\n\n');
    }
  }

  #raw(name: string, skipped: boolean, html: string, at: number): number {
    const close = new RegExp(`</${name}[\\s/>]`, 'gi');
    close.lastIndex = at;
    const end = close.exec(html)?.index ?? html.length;
    if (name === 'title' && this.#title === '')
      this.#title = decodeEntities(html.slice(at, end)).replaceAll(/\s+/g, ' ').trim();
    else if (!skipped && name !== 'title') this.text(html.slice(at, end));
    return end >= html.length ? end : after(html, '>', end);
  }

  /** Where a link leads, unless it only leads about in the page. */
  #address(attributes: string): string | undefined {
    const href = decodeEntities(attribute(attributes, 'href') ?? '').trim();
    if (href === '' || href.startsWith('#')) return undefined;
    const url = URL.parse(href, this.#base.href);
    return url !== null && /^(https?|mailto):$/.test(url.protocol) ? url.href : undefined;
  }
}

/** A tag: its name, and its attributes in which a quoted `>` is none. */
const TAG = /<(\/?)([a-zA-Z][^\s/>]{0,63})((?:[^>"']|"[^"]*"|'[^']*')*)>/y;

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
}

function attribute(attributes: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(attributes);
  return found?.[1] ?? found?.[2] ?? found?.[3];
}

/** Words for machines that a person does not see are no part of the page. */
function isHidden(attributes: string): boolean {
  if (attributes === '') return false;
  return (
    /(^|\s)hidden(?=[\s=/]|$)/i.test(attributes.replaceAll(/"[^"]*"|'[^']*'/g, '""')) ||
    /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attribute(attributes, 'style') ?? '')
  );
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  trade: '™',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  bull: '•',
  middot: '·',
  times: '×',
  deg: '°',
  euro: '€',
  pound: '£',
  sect: '§',
  para: '¶',
  larr: '←',
  rarr: '→',
  uarr: '↑',
  darr: '↓',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  agrave: 'à',
  ccedil: 'ç',
  ntilde: 'ñ',
  shy: '',
  zwj: '',
  zwnj: '',
};

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,10}));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return Object.hasOwn(NAMED, name) ? (NAMED[name] ?? whole) : whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff)
        ? String.fromCodePoint(code)
        : '\u{FFFD}';
    },
  );
}
