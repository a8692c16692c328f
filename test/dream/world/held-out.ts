import type { Author } from './author.ts';

/**
 * Wordings that were written before any rule of the consolidator was, and that no rule was tuned on. `{v}` is the value,
 * `{o}` the one before it. Free prose: nobody here writes in sentences made for a machine.
 */
export const HELD_OUT: readonly Author[] = [
  {
    name: 'narrator',
    style: 'prose',
    noise: [
      'I had a look at the failing run this morning and honestly it made no sense to me.',
      'Could you go through the open pull requests and tell me which ones matter?',
      'Thanks, that was exactly what I was after.',
      'Let me think about that over lunch.',
    ],
    says: {
      pkg: {
        say: 'Everything in the repository gets installed through {v}, so please stick to it when you add a dependency.',
        again: 'As ever, dependencies come in via {v}.',
        update: 'After a long debate on Thursday the team has settled on {v} as the package manager, {o} is history.',
      },
      host: {
        say: 'The whole thing is served from {v}, and has been for a while.',
        again: 'Our servers sit at {v}.',
        update: 'Over the weekend I took everything off {o} and put it on {v}.',
      },
      db: {
        say: 'All customer records end up in {v}.',
        again: 'Behind the app there is a {v} database with the customer records.',
        update: 'The customer records have been carried over from {o} to {v}.',
      },
      port: {
        say: 'When you start the gateway on your laptop it will answer on port {v}.',
        again: 'Locally, the gateway can be reached on port {v}.',
        update: 'I had to give the gateway another port because of a clash, so it is {v} these days rather than {o}.',
      },
      standup: {
        say: 'The team gets together for the standup at {v} every morning.',
        again: 'Every day at {v} we hold our standup.',
        update: 'Because of the school run the standup has been pushed to {v}.',
      },
      owner: {
        say: 'If anything is up with billing, {v} is the person to talk to.',
        again: '{v} looks after billing.',
        update: '{v} has taken over billing from {o}.',
      },
      tz: {
        say: 'I live in the {v} time zone.',
        again: 'For anything with a clock in it, assume {v}, that is my time zone.',
        update: 'I have moved, and my clock now runs on {v}.',
      },
      answers: {
        say: 'I find it easiest when your answers are {v}.',
        again: 'Do keep your answers {v}.',
        update: 'On reflection I would rather have {v} answers from you than {o} ones.',
      },
      node: {
        say: 'Production is on Node {v} at the moment.',
        again: 'We are running Node {v} in production.',
        update: 'We have upgraded production to Node {v}.',
      },
      backup: {
        say: 'Backups of the database are kept for {v}.',
        again: 'We hang on to database backups for {v}.',
        update: 'Legal wants us to keep the database backups for {v} from now on.',
      },
    },
  },
  {
    name: 'hurried',
    style: 'prose',
    noise: ['brb', 'can u rerun the flaky one', 'hm weird', 'ok looks better now thx', 'pls check the logs again'],
    says: {
      pkg: { say: 'its a {v} repo btw', again: 'again: {v} only here', update: 'not {o} anymore, {v} now' },
      host: { say: 'prod sits on {v}', again: 'hosting = {v} fyi', update: 'moved prod over to {v} last night' },
      url: {
        say: 'staging is at {v}',
        again: 'staging link: {v}',
        update: 'staging got a new address, {v}',
      },
      branch: {
        say: 'default branch here is {v}',
        again: 'branch off {v}, its our default branch',
        update: 'default branch got renamed, {o} -> {v}',
      },
      editor: {
        say: 'im on {v} for editing',
        again: 'my editor is {v} u know',
        update: 'ditched {o}, im a {v} person now',
      },
      indent: {
        say: '{v} for indentation pls, always',
        again: 'remember i like {v} for indentation',
        update: 'changed my mind, {v} for indentation from now on',
      },
      release: {
        say: 'we ship every {v}',
        again: 'release day is {v}',
        update: 'release day moved to {v}',
      },
      chat: { say: 'team talks on {v}', again: 'we r all on {v}', update: 'we left {o}, find us on {v} now' },
      ci: {
        say: 'ci runs on {v}',
        again: 'our pipelines live on {v}',
        update: 'pipelines are all on {v} now, {o} is off',
      },
      budget: {
        say: 'monthly budget for you is {v}',
        again: 'u can spend {v} per month, thats the budget',
        update: 'bumped your monthly budget to {v}',
      },
    },
  },
  {
    name: 'memo',
    style: 'plain',
    noise: ['Status?', 'Summarise the last run.', 'Good morning.', 'The build is red again.', 'Please merge it.'],
    says: {
      db: { say: 'Database: {v}', again: 'Primary database is {v}.', update: 'Database changed: {v} (was {o}).' },
      url: { say: 'Staging URL: {v}', again: 'The URL of staging is {v}.', update: 'New staging URL: {v}' },
      port: { say: 'Gateway port: {v}', again: 'The gateway listens on {v}.', update: 'Gateway port is now {v}.' },
      owner: { say: 'Billing owner: {v}', again: 'Billing is owned by {v}.', update: 'New billing owner: {v}.' },
      release: {
        say: 'Releases go out on {v}s.',
        again: 'Release day: {v}.',
        update: 'Releases go out on {v}s instead of {o}s.',
      },
      ci: { say: 'CI: {v}', again: 'We use {v} for CI.', update: 'CI migrated to {v}.' },
      backup: {
        say: 'Backup retention: {v}',
        again: 'Backups are retained for {v}.',
        update: 'Backup retention raised to {v}.',
      },
      branch: {
        say: 'Main branch: {v}',
        again: 'The main branch is called {v}.',
        update: 'The main branch was renamed to {v}.',
      },
      design: { say: 'Design files live in {v}.', again: 'Designs: {v}', update: 'Design files moved to {v}.' },
      node: { say: 'Node version: {v}', again: 'We run Node {v}.', update: 'Node version bumped to {v}.' },
    },
  },
];
