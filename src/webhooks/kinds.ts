import { bearer } from './bearer.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { slack } from './slack.ts';
import type { SourceKind, SourceKindName } from './source.ts';
import { standard } from './standard.ts';
import { telegram } from './telegram.ts';

/** Every kind of source, by name. A name crosses to the parsing thread, where a function cannot. */
export const SOURCE_KINDS: Readonly<Record<SourceKindName, SourceKind>> = {
  github,
  standard,
  slack,
  telegram,
  gitlab,
  bearer,
};
