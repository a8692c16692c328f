import { NEUTRAL } from './environment.ts';

type Setting = readonly [key: string, value: string];

/** More of them than a repository has by right. */
const OVERRULED_MAX = 500;

/**
 * Settings that overrule whatever a repository's own configuration could make git run: filters, diff and merge drivers,
 * commands of trailers, archives and submodules, helpers, proxies, aliases. A setting that names no program stays.
 *
 * @param listing What `git config --null --list` printed: `key\nvalue\0` each.
 * @returns undefined when there are too many.
 */
export function overrulingSettings(listing: string): readonly Setting[] | undefined {
  const found = new Map<string, Setting>();
  for (const entry of listing.split('\0')) {
    const end = entry.indexOf('\n');
    const key = end < 0 ? entry : entry.slice(0, end);
    const value = end < 0 ? '' : entry.slice(end + 1);
    const harmless = overruling(key, value);
    if (harmless !== undefined) found.set(key, [key, harmless]);
  }
  if (found.size > OVERRULED_MAX) return undefined;
  return [...found.values(), ...NEUTRAL];
}

/** The value that makes a setting harmless; undefined for one that is. */
function overruling(key: string, value: string): string | undefined {
  const section = key.slice(0, key.indexOf('.')).toLowerCase();
  const name = key.slice(key.lastIndexOf('.') + 1).toLowerCase();
  if (section === 'filter') return name === 'required' ? 'false' : '';
  // Whatever is asked for text of a binary file: the file itself.
  if (name === 'textconv') return 'cat';
  if (section === 'diff' && name === 'cachetextconv') return 'false';
  if (section === 'merge' && name === 'driver') return 'false';
  if (section === 'submodule' && name === 'update') return 'none';
  // An include was followed when the listing was made; said again, it would be one more.
  if (section === 'include' || section === 'includeif') return undefined;
  if (section === 'remote' && (name === 'promisor' || name === 'mirror')) return 'false';
  if (value.startsWith('!')) return '';
  return NAMES_A_PROGRAM.test(name) ? '' : undefined;
}

const NAMES_A_PROGRAM =
  /(cmd|command|program|helper|driver|editor|pager|askpass|external|proxy|pack|packobjectshook|vcs|tool|browser|viewer|sshcommand|templatedir|difffilter|tunnel|sendmail|smtpserver|hook|path)$/;
