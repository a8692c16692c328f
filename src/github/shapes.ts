import { z } from 'zod';

/** An object of GitHub's of which nothing is needed but that it is one. */
export type Fields = Readonly<Record<string, unknown>>;

/** ISO 8601, as Unix milliseconds. */
export const instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'must be a time' });
  return z.NEVER;
});

/** An entry of a repository's event list. Its ids are opaque: since October 2025 they do not grow with time. */
export const eventShape = z.looseObject({
  id: z.union([z.string().regex(/^[\w-]{1,64}$/), z.number()]).transform(String),
  type: z.string().regex(/^[A-Za-z]{1,80}$/),
  actor: z.looseObject({ login: z.string() }).nullish(),
  repo: z.looseObject({ name: z.string().regex(/^[^/\s]{1,100}\/[^/\s]{1,100}$/), id: z.number().optional() }),
  org: z.looseObject({ login: z.string() }).nullish(),
  payload: z.looseObject({}).nullish(),
  public: z.boolean().optional(),
  created_at: instant,
});

export type RepositoryEvent = z.output<typeof eventShape>;

/** The entries that fit a shape; what GitHub adds or changes elsewhere is no reason to read nothing. */
export function entries<Shape extends z.ZodType>(list: unknown, shape: Shape): z.output<Shape>[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const parsed = shape.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
}

/** A repository as webhooks describe it, from as much as the API tells. */
export function repositoryFields(fullName: string, web: string, more: Fields = {}): Fields {
  const [owner = '', name = ''] = fullName.split('/', 2);
  const fixed = { name, full_name: fullName, owner: { login: owner }, html_url: `${web}/${fullName}` };
  return { ...more, ...fixed };
}

/** A field that is an object; empty when it is none. */
export function objectAt(fields: Fields, key: string): Fields {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
