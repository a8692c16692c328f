/** Ways in which different people write the same thing down. `{…}` are filled in. */
export const WORDINGS = {
  path: [
    'The implementation is in `{path}`.',
    'See {path} for the details.',
    '{path} is where to look first.',
    'Have a look at `{path}` before changing anything here.',
    'that logic lives in {path}, not in the handlers',
    'Fixed the flaky retry in {path}; keep an eye on it.',
    'The owner cares a lot about {path}.',
    'Note to self: {path} is load-bearing.',
    'Relevant files: {path}',
    'You will find it under "{path}".',
    'Das steht in {path}.',
    'Entry point is {path}.',
    'Was told to keep {path} small (under 200 lines).',
    'Touching ./{path} needs a second review!',
  ],
  symbol: [
    '`{name}` is defined in `{path}`.',
    'The function {name}() lives in {path}.',
    '{path} exports `{name}`.',
    '`{name}` ({path}) does the heavy lifting.',
    'Use `{name}` from {path} rather than writing it again.',
    '{name} in {path} is what decides.',
    'In {path} there is `{name}`, which is called once per run.',
    '`{name}` → `{path}`',
    'look at `{name}` inside {path}, the rest follows from it',
    '{path}: `{name}` is the part that matters.',
    'The code for this is `{name}`, found in {path}.',
    '`{name}` kommt aus {path}.',
  ],
  directory: [
    'Everything about this is in the `{path}` directory.',
    'The {path}/ folder holds the rest.',
    'look under {path}/',
    'New code of that sort goes into `{path}/`.',
  ],
  script: [
    'Run `npm run {name}` before pushing.',
    'npm run {name} has to be green.',
    'The `{name}` script does that.',
    'Use "npm run {name}" for it.',
    'CI calls `npm run {name}`; locally it takes a minute.',
  ],
  version: [
    'Uses {name} {version}.',
    'We are on {name} {version}.',
    '`{name}` is pinned to {version}.',
    '{name}@{version} is what we have.',
    'package.json has {name} at {version}.',
    'The project depends on `{name}` {version}.',
  ],
  package: [
    'The project depends on `{name}`.',
    '`{name}` is one of our dependencies.',
    'package.json lists `{name}`.',
    'We use the `{name}` package.',
  ],
} as const;

export type Wording = keyof typeof WORDINGS;

export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '');
}
