import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { z } from 'zod';
import { modelsOptions } from '../agent/options.ts';
import { agentOptions } from '../agent/section.ts';
import { workspaceName, workspacesOptions } from '../agent/workspaces.ts';
import { backupOptions } from '../backup/options.ts';
import { budgetOptions } from '../budget/options.ts';
import { careOptions, logOptions } from '../care/options.ts';
import { KairosError } from '../core/errors.ts';
import { isTimeZone } from '../core/units.ts';
import { dreamOptions, nightshiftOptions } from '../dream/options.ts';
import { serverOptions } from '../http/options.ts';
import { journalOptions } from '../journal/options.ts';
import { retentionOptions } from '../ledger/retention.ts';
import { heartbeatOptions } from '../notify/heartbeat-options.ts';
import { notifyOptions } from '../notify/options.ts';
import { schedulesOptions } from '../scheduler/options.ts';
import { stormOptions, subscriptionsOptions } from '../subscriptions/options.ts';
import { toolsOptions } from '../tools/options.ts';
import { sourcesOptions } from '../webhooks/options.ts';
import type { Env } from './home.ts';

const sections = z.strictObject({
  timezone: z
    .string()
    .refine(isTimeZone, { error: 'must be an IANA time zone such as Europe/Berlin' })
    .optional()
    .meta({
      description: 'IANA time zone for the daily log, quiet hours and times shown. Default: the machine\u2019s.',
    }),
  server: serverOptions,
  budget: budgetOptions.prefault({}),
  notify: notifyOptions,
  sources: sourcesOptions,
  subscriptions: subscriptionsOptions,
  storm: stormOptions,
  schedules: schedulesOptions,
  models: modelsOptions,
  agent: agentOptions,
  tools: toolsOptions,
  workspaces: workspacesOptions,
  dream: dreamOptions,
  nightshift: nightshiftOptions,
  journal: journalOptions,
  heartbeat: heartbeatOptions,
  retention: retentionOptions,
  backup: backupOptions,
  care: careOptions,
  log: logOptions,
});

/** Events that do not come over a webhook carry these. */
const INTERNAL_SOURCES = new Set(['say', 'kairosd', 'schedule', 'follow']);

/** What only the sections together can tell. Without `sources:`, `github` is there as soon as its secret is. */
const configOptions = sections.superRefine(({ sources, subscriptions, schedules, workspaces }, context) => {
  for (const [index, { name }] of (sources ?? []).entries()) {
    if (!INTERNAL_SOURCES.has(name)) continue;
    context.addIssue({
      code: 'custom',
      path: ['sources', index, 'name'],
      message: `"${name}" is what kairosd calls itself; choose another name`,
    });
  }
  const places = workspaces.map(workspaceName);
  for (const [key, entries] of Object.entries({ subscriptions, schedules })) {
    for (const [index, { workspace }] of entries.entries()) {
      if (workspace === undefined || places.includes(workspace)) continue;
      const message = `must name one of workspaces (${places.join(', ') || 'there are none'}), got ${JSON.stringify(workspace)}`;
      context.addIssue({ code: 'custom', path: [key, index, 'workspace'], message });
    }
  }
  const names = new Set((sources ?? [{ name: 'github' }]).map(({ name }) => name));
  for (const [index, { source }] of subscriptions.entries()) {
    if (names.has(source)) continue;
    const message = `must name one of sources (${[...names].join(', ') || 'there are none'}), got ${JSON.stringify(source)}`;
    context.addIssue({ code: 'custom', path: ['subscriptions', index, 'source'], message });
  }
});

/** The configuration with every default filled in. */
export type Config = z.output<typeof sections> & { readonly timezone: string };

/** One thing that is wrong with config.yaml, and where. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/**
 * Reads `config.yaml` of a home; without one, the defaults. `KAIROS_HOST` and `KAIROS_PORT` come on top.
 *
 * @throws {KairosError} `CONFIG_INVALID`, with every problem in `detail.problems`.
 */
export function loadConfig(home: string, env: Env): Config {
  const path = join(home, 'config.yaml');
  const config = parseConfig(readConfig(path), path);
  return { ...config, server: { ...config.server, ...serverFromEnv(env) } };
}

/** The same from a text. @param path Only for the error. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problems = document.errors.map((error) =>
    problemAt(lines, error.pos[0], '', error.message.split('\n', 1)[0] ?? ''),
  );
  if (problems.length > 0) throw invalid(path, problems);
  const parsed = configOptions.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {}, { reportInput: true });
  if (parsed.success) return { ...parsed.data, timezone: parsed.data.timezone ?? Temporal.Now.timeZoneId() };
  throw invalid(
    path,
    parsed.error.issues.flatMap((issue) => problemsOf(issue, document, lines)),
  );
}

/** The JSON Schema of config.yaml, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(sections, { io: 'input', unrepresentable: 'any' }),
    $id: 'https://kairosd.dev/config.schema.json',
    title: 'kairosd config.yaml',
  };
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new KairosError('CONFIG_INVALID', `${path} can't be read`, {}, error);
  }
}

function serverFromEnv(env: Env): { host?: string; port?: number } {
  const server: { host?: string; port?: number } = {};
  if (env['KAIROS_HOST']) server.host = env['KAIROS_HOST'];
  const port = env['KAIROS_PORT'];
  if (port === undefined || port === '') return server;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new KairosError('CONFIG_INVALID', `KAIROS_PORT must be a port from 0 to 65535, got ${JSON.stringify(port)}`);
  }
  return { ...server, port: Number(port) };
}

/** In the order in which one meets them in the file. */
function invalid(path: string, unsorted: readonly ConfigProblem[]): KairosError {
  const problems = unsorted.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const first = problems.slice(0, 10).map(({ line, column, message }) => `\n  ${path}:${line}:${column} ${message}`);
  const more = problems.length > 10 ? `\n  and ${problems.length - 10} more` : '';
  return new KairosError('CONFIG_INVALID', `the configuration is not valid:${first.join('')}${more}`, {
    path,
    problems,
  });
}

/** An unknown key is reported at the key itself, anything else at the value (or the nearest thing that exists). */
function problemsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      problemAt(
        lines,
        keyOffset(document, issue.path, key),
        [...path, key].join('.'),
        `unknown key ${JSON.stringify(key)}`,
      ),
    );
  }
  const name = path.join('.');
  return [problemAt(lines, valueOffset(document, issue.path), name, `${name || 'the file'}: ${issue.message}`)];
}

function keyOffset(document: Document, path: readonly PropertyKey[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map)) return 0;
  const pair = map.items.find((item) => String(item.key) === key);
  return (pair?.key as Node | undefined)?.range?.[0] ?? map.range?.[0] ?? 0;
}

function valueOffset(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}

function problemAt(lines: LineCounter, offset: number, path: string, message: string): ConfigProblem {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col), path, message };
}
