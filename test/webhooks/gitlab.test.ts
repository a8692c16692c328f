import { describe, expect, test } from 'vitest';
import { describeAs } from './deliver.ts';

describe('gitlab', () => {
  test.each([
    ['Push Hook', 'push'],
    ['Tag Push Hook', 'tag_push'],
    ['Merge Request Hook', 'merge_request'],
    ['Confidential Note Hook', 'confidential_note'],
    ['Resource Access Token Hook', 'resource_access_token'],
  ])('%j is the type %s', (header, type) => {
    expect(describeAs('gitlab', { 'x-gitlab-event': header }, { object_kind: 'another' }).type).toBe(type);
  });

  test('a system hook has the type of its payload', () => {
    const headers = { 'x-gitlab-event': 'System Hook' };
    expect(describeAs('gitlab', headers, { event_name: 'project_create' }).type).toBe('project_create');
    expect(describeAs('gitlab', headers, undefined).type).toBe('system');
  });

  test('without the header the payload says the type, without both it is an event', () => {
    expect(describeAs('gitlab', {}, { object_kind: 'issue' }).type).toBe('issue');
    expect(describeAs('gitlab', {}, undefined).type).toBe('event');
  });

  test('the action is the object’s, or the payload’s own', () => {
    expect(describeAs('gitlab', {}, { object_attributes: { action: 'open' } }).action).toBe('open');
    expect(describeAs('gitlab', {}, { action: 'create' }).action).toBe('create');
    expect(describeAs('gitlab', {}, { object_attributes: null }).action).toBe(null);
  });

  test('retries share the idempotency key; without one, event and body together are the id', () => {
    const uuid = { 'x-gitlab-event-uuid': '13792a34-cac6-4fda-95a8-c58e00a3954e' };
    expect(describeAs('gitlab', { ...uuid, 'idempotency-key': 'f5e57097' }, {}).delivery).toBe('f5e57097');
    const one = describeAs('gitlab', uuid, {}, 'aa'.repeat(32)).delivery;
    expect(describeAs('gitlab', uuid, {}, 'aa'.repeat(32)).delivery).toBe(one);
    expect(describeAs('gitlab', uuid, {}, 'bb'.repeat(32)).delivery).not.toBe(one);
    expect(describeAs('gitlab', {}, {}).delivery).toBe(undefined);
  });
});
