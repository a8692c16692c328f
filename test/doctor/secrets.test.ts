import { expect, test } from 'vitest';
import type { DoctorPorts } from '../../src/doctor/check.ts';
import { secrets } from '../../src/doctor/secrets.ts';
import { createRedactor } from '../../src/redact/redactor.ts';

async function look(values: Readonly<Record<string, string>>) {
  const all = Object.entries(values).map(([name, value]) => ({ name, value }));
  const ports = { secrets: () => ({ of: (name: string) => values[name], all: () => all }), env: {} };
  return secrets.look(ports as unknown as DoctorPorts);
}

test('doctor names secrets that are too short to be taken out of texts, the very ones the redactor passes over [DOCTOR-SECRETS]', async () => {
  const values = { PIN: '1234567', SPACED: '  1234567   ', LEAST: 'k7#pQz!2', LONG: '4be1a07d53c29f86' };
  const [short, weak, more] = await look(values);
  expect(short).toMatchObject({ verdict: 'warn', what: 'too short to be taken out of texts: PIN, SPACED' });
  expect(weak).toMatchObject({ verdict: 'warn', what: 'weak: LEAST' });
  expect(more).toBeUndefined();
  const named = createRedactor(Object.entries(values).map(([name, value]) => ({ name, value }))).tooShort;
  expect(named).toEqual(['PIN', 'SPACED']);
  expect(JSON.stringify([short, weak])).not.toMatch(/1234567|k7#p/);
});

test('doctor is content with long ones out of sight [DOCTOR-SECRETS]', async () => {
  expect(await look({ LONG: '4be1a07d53c29f86' })).toMatchObject([{ verdict: 'ok' }]);
});
