/**
 * `bin/node scripts/config-docs.ts` writes docs/configuration.md from the schema of config.yaml. What JSON Schema does
 * not carry (bounds of durations, a meaning for each key) is asked of the parser or stands in MEANINGS below.
 * `test/daemon/config-docs.test.ts` compares the page with what this prints.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KairosError } from '../src/core/errors.ts';
import { formatDuration } from '../src/core/units.ts';
import { configJsonSchema, parseConfig, type ConfigProblem } from '../src/daemon/config.ts';
import { AFTERWORD, EXAMPLES, FOREWORD, MEANINGS } from './config-docs-text.ts';

/** The part of JSON Schema that the schema of config.yaml uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** One key of config.yaml as the page shows it. */
export interface ConfigKey {
  /** `budget.windows[].per`; a list is followed by `[]`. */
  readonly path: string;
  readonly type: string;
  readonly default: string;
  readonly meaning: string;
}

/** The page. Throws when a key has no meaning, or a meaning has no key. */
export function renderConfigDocs(): string {
  const sections = Object.entries((configJsonSchema() as Schema).properties ?? {});
  const keys = configKeys();
  const known = new Set(keys.map(({ path }) => path));
  const stale = Object.keys(MEANINGS).filter((path) => !known.has(path));
  if (stale.length > 0) throw new Error(`MEANINGS names keys that are gone: ${stale.join(', ')}`);
  const parts = sections.map(([name, schema]) =>
    renderSection(
      name,
      schema,
      keys.filter((key) => isOf(name, key.path)),
    ),
  );
  return `${[FOREWORD, ...parts, AFTERWORD].map((part) => part.trim()).join('\n\n')}\n`;
}

/** Every key of config.yaml, in the order of the schema. */
export function configKeys(): ConfigKey[] {
  return keysBelow('', configJsonSchema());
}

function renderSection(name: string, schema: Schema, keys: readonly ConfigKey[]): string {
  const rows = keys.map((key) => `| \`${key.path}\` | ${key.type} | ${key.default} | ${key.meaning} |`);
  const whole = schema.properties === undefined && schema.items === undefined ? '' : sectionDefault(schema);
  const example = EXAMPLES[name];
  if (example === undefined) throw new Error(`EXAMPLES has no example for ${name}`);
  return [
    `## \`${name}\`\n`,
    ...(whole === '' ? [] : [`${whole}\n`]),
    '| Key | Type | Default | Meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    `\n\`\`\`yaml\n${example.trim()}\n\`\`\``,
  ].join('\n');
}

function sectionDefault(schema: Schema): string {
  const said = meaningful(schema.description);
  if (schema.items === undefined) return said;
  const left = schema.default === undefined ? '' : ` Left out: \`${flow(schema.default)}\`.`;
  return `A list. ${said}${left}`.replace(/\. +Left/, '. Left').trim();
}

/** Depth first; the keys of a list's entries follow the list. A choice by `kind` is one set of keys. */
function keysBelow(path: string, schema: Schema): ConfigKey[] {
  const variants = variantsOf(schema);
  const names = [...new Set(variants.flatMap((variant) => Object.keys(variant.properties ?? {})))];
  return names.flatMap((name) => {
    const holders = variants.filter((variant) => variant.properties?.[name] !== undefined);
    const child = holders[0]?.properties?.[name] as Schema;
    const full = path === '' ? name : `${path}.${name}`;
    const inner = child.items === undefined ? keysBelow(full, child) : keysBelow(`${full}[]`, child.items);
    // A section, or a list of entries at the top, is a heading of the page and not a row.
    if (inner.length > 0 && (path === '' || child.properties !== undefined)) return inner;
    return [keyOf(full, name, { holders, variants }), ...inner];
  });
}

interface Holders {
  readonly holders: readonly Schema[];
  readonly variants: readonly Schema[];
}

function keyOf(path: string, name: string, { holders, variants }: Holders): ConfigKey {
  const child = holders[0]?.properties?.[name] as Schema;
  const meaning = MEANINGS[path] ?? meaningful(child.description);
  if (meaning === '') throw new Error(`${path} has no meaning: add .meta({ description }) or a line in MEANINGS`);
  const only = holders.length < variants.length ? `Only for ${kindsOf(holders).join(', ')}. ` : '';
  const required = holders.every((holder) => holder.required?.includes(name));
  return {
    path,
    type: escape(typesOf(path, name, holders)),
    default: escape(required ? 'required' : defaultOf(child)),
    meaning: escape(only + meaning),
  };
}

/** One type, or, where the kinds differ, each with its kinds. */
function typesOf(path: string, name: string, holders: readonly Schema[]): string {
  const byType = new Map<string, Schema[]>();
  for (const holder of holders) {
    const type = typeOf(path, holder.properties?.[name] as Schema);
    byType.set(type, [...(byType.get(type) ?? []), holder]);
  }
  if (byType.size === 1) return [...byType.keys()][0] ?? '';
  if (name === 'kind') return [...byType.keys()].join(', ');
  return [...byType].map(([type, of]) => `${type} (${kindsOf(of).join(', ')})`).join('; ');
}

function typeOf(path: string, schema: Schema): string {
  if (schema.const !== undefined) return `\`${flow(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${flow(value)}\``).join(', ');
  if (Array.isArray(schema.type)) return quantityOf(path);
  if (schema.items !== undefined) return `list of ${plural(typeOf(path, schema.items))}`;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map((one) => typeOf(path, one)))].join(' or ');
  if (schema.type === 'object' && schema.properties !== undefined)
    return `{ ${Object.keys(schema.properties).join(', ')} }`;
  if (schema.type === 'object') return 'map';
  const range = schema.maximum === undefined ? '' : ` ${schema.minimum ?? 0} to ${schema.maximum}`;
  return `${{ string: 'text', integer: 'whole number', boolean: 'true or false' }[String(schema.type)] ?? String(schema.type)}${range}`;
}

function plural(type: string): string {
  return { text: 'texts', number: 'numbers' }[type] ?? type;
}

/** Durations and sizes: JSON Schema knows only "number or text", but the parser says the bounds when it refuses a value. */
function quantityOf(path: string): string {
  for (const kind of [undefined, ...kindsOfSection(path)]) {
    const bounds = /must be a (duration|size) from (.+?) such as/.exec(refusalOf(path, kind));
    if (bounds !== null) return `${bounds[1]} ${bounds[2]}`;
  }
  throw new Error(`${path}: the parser does not say what it takes`);
}

/** What the parser says to a wrong value there; an entry of a choice is only read when it has a `kind`. */
function refusalOf(path: string, kind: string | undefined): string {
  const value = path.split('.').reduceRight<unknown>((inner, key) => {
    if (!key.endsWith('[]')) return { [key]: inner };
    return { [key.slice(0, -2)]: [kind === undefined ? inner : { kind, ...(inner as object) }] };
  }, 'no quantity');
  try {
    parseConfig(JSON.stringify(value), 'config.yaml');
    return '';
  } catch (error) {
    const problems = error instanceof KairosError ? (error.detail['problems'] as readonly ConfigProblem[]) : [];
    return problems.map((problem) => problem.message).find((text) => text.includes('no quantity')) ?? '';
  }
}

/** The kinds that entries of the section of a path may have; none where it is no list of choices. */
function kindsOfSection(path: string): string[] {
  const section = (configJsonSchema() as Schema).properties?.[/^\w+/.exec(path)?.[0] ?? ''];
  const variants = section?.items === undefined ? [] : variantsOf(section.items);
  return kindsOf(variants.filter((variant) => variant.properties?.['kind'] !== undefined));
}

function defaultOf(schema: Schema): string {
  if (schema.default === undefined) return '–';
  if (!Array.isArray(schema.type)) return `\`${flow(schema.default)}\``;
  return `\`${schema.description?.startsWith('Size') ? sizeText(Number(schema.default)) : formatDuration(Number(schema.default))}\``;
}

function sizeText(bytes: number): string {
  const unit = (['GB', 'MB', 'KB'] as const).find((_, index) => bytes % 1_024 ** (3 - index) === 0);
  return unit === undefined ? `${bytes}` : `${bytes / 1_024 ** { GB: 3, MB: 2, KB: 1 }[unit]}${unit}`;
}

/** A value as one writes it in YAML on one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${flow(inner)}`)
    .join(', ')} }`;
}

/** What says only how a duration or size is written says nothing about the key. */
function meaningful(description = ''): string {
  return /^(Duration|Size) such as/.test(description) ? '' : description;
}

/** The shapes an entry may have: those of a choice, else the one there is. */
function variantsOf(schema: Schema): readonly Schema[] {
  if (schema.oneOf !== undefined) return schema.oneOf;
  if (schema.anyOf !== undefined) return schema.anyOf.filter((one) => one.properties !== undefined);
  const below = schema.additionalProperties;
  if (typeof below === 'object' && below.anyOf !== undefined) return [];
  return [schema];
}

function kindsOf(variants: readonly Schema[]): string[] {
  return variants.map((variant) => flow(variant.properties?.['kind']?.const));
}

function isOf(section: string, path: string): boolean {
  return path === section || path.startsWith(`${section}.`) || path.startsWith(`${section}[`);
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'configuration.md'), renderConfigDocs());
}
