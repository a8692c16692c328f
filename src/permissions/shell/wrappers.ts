import { high, medium, NOTHING, shown } from './notes.ts';
import { judgeField } from './scene.ts';
import { obeyed } from './builtins.ts';
import { judgeXargs } from './given.ts';
import { opaque } from './field.ts';
import type { Field } from './field.ts';
import type { Notes } from './notes.ts';
import type { Call, Readers } from './program.ts';

/** Programs whose words are in turn a command, or a script. What they run is judged as well; they add their own. */
export const WRAPPER_READERS: Readers = {
  timeout: readTimeout,
  env: readEnv,
  xargs: (call) =>
    judgeXargs(call) ?? [
      medium('xargs runs a program with words that cannot be seen', { writes: true }),
      ...behindFlags(call, [opaque('...', 'what xargs gives cannot be seen')]),
    ],
  nice: (call) => readQuiet(call, /^-n$|^-n?\d{1,2}$/),
  ionice: runsAnother,
  chrt: runsAnother,
  taskset: runsAnother,
  stdbuf: (call) => readQuiet(call, /^-[ioe][L0]$/),
  time: runsAnother,
  gtime: runsAnother,
  builtin: runsAnother,
  unbuffer: runsAnother,
  chronic: runsAnother,
  catchsegv: runsAnother,
  nohup: outlives,
  setsid: outlives,
  watch: outlives,
  flock: outlives,
  parallel: (call) => [high('parallel runs text as commands', { writes: true }), ...behindFlags(call)],
  busybox: (call) => [high('busybox is any program', { writes: true }), ...behindFlags(call)],
  toybox: (call) => [high('toybox is any program', { writes: true }), ...behindFlags(call)],
  script: (call) => [high('script runs a shell and writes what it shows', { writes: true }), ...scriptsIn(call)],
  bash: readShell,
  sh: readShell,
  dash: readShell,
  zsh: readShell,
  ksh: readShell,
  mksh: readShell,
  fish: readShell,
  ash: readShell,
  rbash: readShell,
  csh: readShell,
  tcsh: readShell,
  pwsh: readShell,
};

/** `timeout 5 cat x` is as harmless as `cat x`. */
function readTimeout(call: Call): Notes {
  const { args } = call;
  let index = 0;
  while (/^(?:-v|--verbose|--preserve-status|--foreground)$/.test(args[index]?.text ?? '')) index += 1;
  const span = args[index];
  if (span === undefined || span.opaque !== undefined || !/^\d{1,5}(?:\.\d{1,3})?[smh]?$/.test(span.text))
    return [medium('timeout with flags that are not known'), ...behindFlags(call)];
  return args.length > index + 1 ? call.inner(args.slice(index + 1)) : [medium('timeout runs nothing')];
}

/** What only makes a program slower, or its output sooner, is as harmless as that program. */
function readQuiet(call: Call, flags: RegExp): Notes {
  const { args } = call;
  let index = 0;
  while (flags.test(args[index]?.text ?? '')) index += args[index]?.text === '-n' ? 2 : 1;
  const first = args[index];
  return first?.plain === true && /^[a-z]/.test(first.text) ? call.inner(args.slice(index)) : runsAnother(call);
}

/** env alone shows everything; with words it sets what programs obey. */
function readEnv(call: Call): Notes {
  const { args } = call;
  const own = medium('env shows, or changes, what programs obey', { readsSecrets: true });
  const risky = args.find(({ text }) => /^[A-Za-z_]\w*=/.test(text) && obeyed(text.replace(/=[\s\S]*$/, '')));
  const split = args.some(({ text }) => /^-(?:[A-Za-z0-9]*S|-split)/.test(text));
  return [
    own,
    ...(risky === undefined ? NOTHING : [high(`env sets ${shown(risky.text)}, which programs obey`)]),
    ...(split ? [high('env makes a command of text'), ...scriptsIn(call)] : NOTHING),
    ...behindFlags(call),
  ];
}

function runsAnother(call: Call): Notes {
  return [medium(`${call.name} runs another program`), ...behindFlags(call)];
}

function outlives(call: Call): Notes {
  return [high(`${call.name} starts what may outlive this command`), ...behindFlags(call)];
}

/** What is run begins at the first word that is no flag, number, assignment or place-holder. */
function behindFlags(call: Call, more: readonly Field[] = []): Notes {
  const { args } = call;
  const index = args.findIndex(({ text }) => !/^-|^[A-Za-z_]\w*=|^\d+[smhd]?$|^\{\}$|^%$/.test(text));
  return index < 0 ? NOTHING : call.inner([...args.slice(index), ...more]);
}

/** A shell inside the shell: a script given as text is judged, one from a file is code of the workspace. */
function readShell(call: Call): Notes {
  const { args, scene, name } = call;
  const flag = args.findIndex(({ text }) => /^[-+][A-Za-z]*c[A-Za-z]*$/.test(text));
  if (flag >= 0) {
    const text = args.slice(flag + 1).find((field) => !/^[-+]/.test(field.text));
    if (text === undefined || text.opaque !== undefined) return [high(`${name} -c runs text that cannot be seen`)];
    return [medium(`${name} -c runs a script`, { writes: true }), ...call.script(text.text)];
  }
  const file = args.find((field) => field.opaque !== undefined || !/^[-+]/.test(field.text));
  if (file === undefined) return [high(`${name} runs whatever it is sent`, { writes: true })];
  return [medium(`${name} runs a script of the workspace`, { writes: true }), ...judgeField(file, 'execute', scene)];
}

function scriptsIn(call: Call): Notes {
  return call.args
    .filter((field) => field.opaque === undefined && field.text.includes(' '))
    .flatMap(({ text }) => call.script(text));
}
