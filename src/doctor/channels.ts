import { fail, ok, warn, type Check } from './check.ts';

/** There is a way to the owner. */
export const channels: Check = {
  name: 'channels',
  async look({ config }) {
    let names: readonly { readonly kind: string; readonly name: string }[];
    try {
      names = config().notify;
    } catch {
      return [fail('unknown: config.yaml is not valid', 'Messages go nowhere.', 'kairos config check')];
    }
    if (names.length === 0)
      return [warn('none', 'Messages wait until they expire.', 'Add one under notify: in config.yaml.')];
    if (names.every(({ kind }) => kind === 'terminal')) {
      const why = 'It is only seen by whoever looks at the daemon\u2019s terminal or its log.';
      return [warn('only the terminal', why, 'Add a channel under notify: in config.yaml, such as a webhook.')];
    }
    return [ok(names.map(({ name }) => name).join(', '))];
  },
};
