import type { Database } from './database.ts';
import type { Writer } from './writer.ts';

/** How far a poller has read, by name: text that only the poller understands. */
export interface Polls {
  load(name: string): string | undefined;
  /** Resolves when it is on disk. To be called after what was read is. */
  save(name: string, state: string): Promise<void>;
  /**
   * Forgets all others: whoever asks for them again one day starts anew. Writes nothing when there is nothing to forget.
   * What begins with `chat ` or `reconcile ` belongs to others and stays.
   */
  keepOnly(names: readonly string[]): Promise<void>;
}

export function openPolls(database: Database, writer: Writer): Polls {
  return {
    load: (name) => database.statement('SELECT state FROM polls WHERE name = ?').get<{ state: string }>(name)?.state,
    save: (name, state) =>
      writer.write(
        (target) => {
          target
            .statement(
              'INSERT INTO polls (name, state) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state',
            )
            .run(name, state);
        },
        { bytes: state.length + 256 },
      ),
    async keepOnly(names) {
      const known = database.statement('SELECT name FROM polls').all<{ name: string }>();
      const others = known.filter(({ name }) => !names.includes(name) && !/^(?:chat|reconcile) /.test(name));
      if (others.length === 0) return;
      await writer.write((target) => {
        for (const { name } of others) target.statement('DELETE FROM polls WHERE name = ?').run(name);
      });
    },
  };
}
