import { join } from 'node:path';
import { stale, unverifiable, verified, type Claim, type Judgement, type Place } from './claim.ts';
import { checkPath, resolvePath } from './check-path.ts';
import { checkPackage, checkScript, checkService, checkTarget, checkVersion, manifestsOf } from './check-project.ts';
import { checkSymbol } from './check-symbol.ts';
import { readRefs } from './refs.ts';
import { isSettings, sameValue, valuesOf } from './settings.ts';
import type { Sight } from './sight.ts';
import { checkUrl } from './urls.ts';

type Of<Kind extends Claim['kind']> = Extract<Claim, { kind: Kind }>;

export interface CheckWorld {
  readonly sight: Sight;
  /** Directories of programs, as in PATH. */
  readonly programs: readonly string[];
}

/** Looks whether a claim is so in one place. Runs nothing, changes nothing; a claim of absence is turned round. */
export function checkClaim(claim: Claim, place: Place, world: CheckWorld): Judgement {
  const judged = look(claim, place, world);
  if (claim.holds) return judged;
  if (judged.verdict === 'verified') return stale(`it is there: ${judged.reason}`);
  return judged.verdict === 'stale' ? verified(`it is not there: ${judged.reason}`) : judged;
}

function look(claim: Claim, place: Place, { sight, programs }: CheckWorld): Judgement {
  switch (claim.kind) {
    case 'path':
      return checkPath(claim.path, claim.line, place, sight);
    case 'symbol':
      return checkSymbol(claim, place, sight);
    case 'script':
      return checkScript(claim, place, sight);
    case 'target':
      return checkTarget(claim, place, sight);
    case 'service':
      return checkService(claim, place, sight);
    case 'package':
      return checkPackage(claim, place, sight);
    case 'version':
      return checkVersion(claim, place, sight);
    case 'command':
      return checkCommand(claim, place, sight, programs);
    case 'branch':
      return checkBranch(claim, place, sight);
    case 'tag':
      return checkTag(claim, place, sight);
    case 'port':
      return checkPort(claim, place, sight);
    case 'url':
      return checkUrl(claim, place, sight);
    case 'setting':
      return checkSetting(claim, place, sight);
    default:
      return checkVariable(claim, place, sight);
  }
}

function checkCommand(claim: Of<'command'>, place: Place, sight: Sight, programs: readonly string[]): Judgement {
  const found = programs.find((directory) => sight.kind(join(directory, claim.name)) === 'file');
  if (found !== undefined) return verified(`${claim.name} is in ${found}`);
  if (!claim.onPath) {
    if (sight.kind(join(place.path, 'node_modules/.bin', claim.name)) === 'file')
      return verified(`${claim.name} is installed in the workspace`);
    const tool = manifestsOf(place, sight).find(
      ({ manifest }) => manifest.packages.has(claim.name) || manifest.scripts.has(claim.name),
    );
    if (tool !== undefined) return verified(`${claim.name} comes with ${tool.file}`);
  }
  return stale(`there is no command ${claim.name} on PATH`);
}

function checkBranch(claim: Of<'branch'>, place: Place, sight: Sight): Judgement {
  const refs = readRefs(place.path, sight);
  if (refs === undefined) return unverifiable('there is no repository whose branches can be read');
  if (claim.role === 'current') {
    if (refs.current === claim.name) return verified(`${claim.name} is checked out`);
    return stale(`${refs.current ?? 'no branch'} is checked out`, refs.current);
  }
  if (!refs.hasBranch(claim.name)) return stale(`there is no branch ${claim.name}`);
  if (claim.role === 'exists') return verified(`there is a branch ${claim.name}`);
  const usual =
    refs.remoteDefault ?? ['main', 'master', 'trunk', 'develop'].find((name) => refs.hasBranch(name)) ?? refs.current;
  return usual === claim.name || usual === undefined
    ? verified(`${claim.name} is the default branch`)
    : stale(`the default branch is ${usual}`, usual);
}

function checkTag(claim: Of<'tag'>, place: Place, sight: Sight): Judgement {
  const refs = readRefs(place.path, sight);
  if (refs === undefined) return unverifiable('there is no repository whose tags can be read');
  return refs.hasTag(claim.name) ? verified(`there is a tag ${claim.name}`) : stale(`there is no tag ${claim.name}`);
}

const PORT_FILE =
  /\.(?:ya?ml|json|jsonc|toml|ini|cfg|conf|properties|env|service|ts|js|mjs|cjs|tsx|jsx|py|go|rs|rb|java|kt|cs|php|ex|exs|sh|xml|tf|hcl|nix)$|(?:^|\/)\.env[\w.-]*$|(?:^|\/)(?:Dockerfile|Procfile|Makefile|Caddyfile|Vagrantfile)[\w.-]*$/;
const PORT_LINE = /port|listen|bind|addr|serve|host|url|:\d{2,5}|expose/i;

/** A port of our own is one that the files of the place give; nothing is connected to. */
function checkPort(claim: Of<'port'>, place: Place, sight: Sight): Judgement {
  const files = sight
    .list(place.path)
    .files.filter((path) => PORT_FILE.test(path) && !/(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml)$/.test(path));
  const pattern = new RegExp(`(?<![\\d.])${claim.port}(?![\\d.]\\d|\\d)`);
  const another: string[] = [];
  for (const file of files.slice(0, 5_000)) {
    const text = sight.text(join(place.path, file)) ?? '';
    if (text.length > 500_000) continue;
    for (const line of text.split('\n')) {
      if (line.length > 500 || !PORT_LINE.test(line)) continue;
      if (pattern.test(line)) return verified(`port ${claim.port} is in ${file}`);
      const said = /\b(?:port|listen|addr|expose)\w*["']?\s*[:=(]?\s*["']?[^\d\n]{0,12}(\d{4,5})\b/i.exec(line)?.[1];
      if (said !== undefined && another.length < 20 && !another.includes(said) && !/test|spec|fixture/i.test(file))
        another.push(said);
    }
  }
  const told = sight
    .list(place.path)
    .files.filter((path) => /\.(?:md|rst|txt|adoc)$/.test(path) && !/(?:^|\/)(?:CHANGELOG|HISTORY)/i.test(path))
    .slice(0, 500)
    .find((path) =>
      new RegExp(`(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0):${claim.port}(?!\\d)|\\bport ${claim.port}\\b`, 'i').test(
        sight.text(join(place.path, path)) ?? '',
      ),
    );
  if (told !== undefined) return verified(`port ${claim.port} is in ${told}`);
  return another.length === 0
    ? unverifiable(`no file says which port it is`)
    : stale(`port ${claim.port} is in no file; there is ${another.slice(0, 3).join(', ')}`);
}

function checkSetting(claim: Of<'setting'>, place: Place, sight: Sight): Judgement {
  const files = settingFiles(claim.file, place, sight);
  if (files.length === 0)
    return claim.file === undefined
      ? unverifiable('there are no settings to look in')
      : stale(`${claim.file} is not there`);
  let near: Judgement | undefined;
  for (const file of files) {
    const text = sight.text(file);
    const values = text === undefined ? undefined : valuesOf(file, text, claim.key);
    if (values === undefined || values.length === 0) continue;
    const { value } = claim;
    if (value === undefined || values.some((each) => sameValue(value, each)))
      return verified(`${claim.key} is in ${file.slice(place.path.length + 1)}`);
    if (values.every((each) => typeof each === 'object' && each !== null)) continue;
    near ??= stale(`${claim.key} is ${shownValue(claim.key, file, values)} in ${file.slice(place.path.length + 1)}`);
  }
  // A dotted name of nowhere may be an event or a measure: one of a table that is there was meant as a setting.
  const [table = ''] = claim.key.split('.');
  const lost =
    claim.file === undefined &&
    claim.value === undefined &&
    near === undefined &&
    !files.some((file) => (valuesOf(file, sight.text(file) ?? '', table) ?? []).length > 0);
  if (lost) return unverifiable(`no file of settings has ${table}`);
  return near ?? stale(`${claim.key} is not in ${claim.file ?? 'any file of settings'}`);
}

/** A value as it may be told: what may be a secret is not. */
function shownValue(key: string, file: string, values: readonly unknown[]): string {
  const text = values.map(String).join(', ');
  const secret =
    /secret|token|passw|pwd|key|credential|auth|dsn|private/i.test(key) || /(?:^|\/)\.env(?!.*example)/.test(file);
  return secret || text.length > 60 || /:\/\/[^/]*@/.test(text) ? 'something else' : text;
}

function settingFiles(file: string | undefined, place: Place, sight: Sight): readonly string[] {
  if (file === undefined)
    return sight
      .list(place.path)
      .files.filter(isSettings)
      .slice(0, 200)
      .map((path) => join(place.path, path));
  const exact = resolvePath(file, place, sight);
  if (exact?.kind !== 'file') return [];
  if (file.includes('/')) return [exact.path];
  return [
    ...new Set([exact.path, ...(sight.list(place.path).byName.get(file) ?? []).map((path) => join(place.path, path))]),
  ].slice(0, 20);
}

const VARIABLE_FILE =
  /\.(?:ya?ml|json|toml|env|sh|service|tf|md|conf|cfg|ini)$|(?:^|\/)\.env[\w.-]*$|(?:^|\/)(?:Dockerfile|Makefile|Procfile)[\w.-]*$/;

/** A variable of the environment: somewhere in the code or in the settings it has to be named. */
function checkVariable(claim: Of<'variable'>, place: Place, sight: Sight): Judgement {
  const name = new RegExp(`(?<!\\w)${RegExp.escape(claim.name)}(?!\\w)`);
  if (claim.file !== undefined) {
    const found = resolvePath(claim.file, place, sight);
    if (found?.kind !== 'file') return stale(`${claim.file} is not there`);
    return name.test(sight.text(found.path) ?? '')
      ? verified(`${claim.name} is in ${claim.file}`)
      : stale(`${claim.name} is not in ${claim.file}`);
  }
  for (const [file, facts] of sight.aside(() => sight.sources(place.path))) {
    if (!facts.names.has(claim.name)) continue;
    sight.source(join(place.path, file));
    sight.list(place.path);
    return verified(`${claim.name} is in ${file}`);
  }
  const files = sight
    .list(place.path)
    .files.filter((path) => VARIABLE_FILE.test(path) && !/(?:^|\/)(?:CHANGELOG|HISTORY)[^/]*$|lock\.\w+$/i.test(path));
  for (const file of files.slice(0, 2_000))
    if (name.test(sight.text(join(place.path, file)) ?? '')) return verified(`${claim.name} is in ${file}`);
  sight.sources(place.path);
  return stale(`${claim.name} is nowhere in the code or the settings`);
}
