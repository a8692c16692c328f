import type { Author } from './author.ts';

/** The authors that the rules are tuned on. */
export const AUTHORS: readonly Author[] = [
  {
    name: 'terse',
    style: 'plain',
    noise: ['run the tests', 'thanks', 'why is it red?', 'open the PR', 'ok', 'what did you change?'],
    says: {
      pkg: { say: 'We use {v}.', again: 'Package manager is {v}.', update: 'We switched from {o} to {v}.' },
      host: { say: 'We deploy with {v}.', again: 'Hosting: {v}', update: 'We moved from {o} to {v}.' },
      db: { say: 'The database is {v}.', again: 'We use {v} as database.', update: 'We replaced {o} with {v}.' },
      port: {
        say: 'The API port is {v}.',
        again: 'The API listens on port {v}.',
        update: 'Actually the port is now {v}.',
      },
      url: { say: 'The staging URL is {v}', again: 'Staging is at {v}', update: 'The staging URL is now {v}' },
      branch: {
        say: 'Our main branch is called {v}.',
        again: 'The main branch is {v}.',
        update: 'We renamed the main branch to {v}.',
      },
      owner: { say: '{v} owns billing.', again: 'Billing belongs to {v}.', update: '{v} owns billing now.' },
      tz: { say: 'My timezone is {v}.', again: 'I am in {v} time.', update: 'My timezone is {v} now.' },
      budget: {
        say: 'The monthly budget is {v}.',
        again: 'Monthly budget: {v}',
        update: 'The monthly budget is {v} from now on.',
      },
      mascot: { say: 'Our mascot is a {v}.', again: 'The mascot is a {v}.', update: 'Our mascot is a {v} now.' },
    },
  },
  {
    name: 'chatty',
    style: 'prose',
    noise: [
      'Haha, that was a fun one, thanks a lot!',
      'Hey, could you have a quick look at the failing test?',
      "I'm so tired today, let's keep it simple.",
      "What's the weather like in Berlin?",
      'I think we should refactor that at some point, maybe.',
    ],
    says: {
      pkg: {
        say: 'Hey, just so you know, we use {v} for everything in here, works like a charm!',
        again: 'Oh and remember that this project uses {v}, ok?',
        update: "Big news: we've switched to {v}! No more {o} for us.",
      },
      editor: {
        say: 'By the way, my favorite editor is {v}, always has been.',
        again: 'I do all my editing in {v}, you know.',
        update: "So, I finally gave up on {o} and I'm using {v} now.",
      },
      standup: {
        say: 'Oh, our daily standup is at {v}, just so you know.',
        again: 'Btw the standup happens at {v} every day.',
        update: 'Quick heads up, we moved the standup to {v}!',
      },
      release: {
        say: 'We usually release on {v}s, by the way.',
        again: 'And as you know, our release day is {v}.',
        update: 'From now on we release on {v}s, not on {o}s anymore.',
      },
      chat: {
        say: 'The whole team hangs out on {v}, so send things there.',
        again: 'We use {v} for chat.',
        update: 'Oh, and we left {o} last week, everybody is on {v} now!',
      },
      answers: {
        say: 'Could you remember that I like {v} answers?',
        again: 'I really prefer {v} answers, please.',
        update: 'Hmm, actually I changed my mind, I prefer {v} answers now.',
      },
      design: {
        say: 'All our designs are in {v}, in case you need them.',
        again: 'We do the design work in {v}.',
        update: 'We said goodbye to {o}, the designs are in {v} now.',
      },
    },
  },
  {
    name: 'denglish',
    style: 'prose',
    noise: [
      'Danke dir!',
      'Kannst du mal die Tests laufen lassen?',
      'Was ist da los?',
      'Moin',
      'Mach bitte den PR auf.',
    ],
    says: {
      pkg: {
        say: 'Wir benutzen {v} als Package Manager.',
        again: 'Im Projekt verwenden wir {v}.',
        update: 'Wir sind von {o} auf {v} umgestiegen.',
      },
      host: {
        say: 'Wir deployen auf {v}.',
        again: 'Das Hosting läuft bei {v}.',
        update: 'Wir sind mit dem Hosting zu {v} umgezogen.',
      },
      db: {
        say: 'Unsere Datenbank ist {v}.',
        again: 'Als Datenbank nutzen wir {v}.',
        update: 'Wir haben die Datenbank von {o} auf {v} umgestellt.',
      },
      branch: {
        say: 'Unser Hauptbranch heißt {v}.',
        again: 'Der Main Branch ist {v}.',
        update: 'Der Hauptbranch heißt jetzt {v}.',
      },
      standup: {
        say: 'Das Standup ist um {v} Uhr.',
        again: 'Wir haben jeden Tag um {v} Uhr Standup.',
        update: 'Das Standup ist ab jetzt um {v} Uhr.',
      },
      answers: {
        say: 'Ich mag lieber {v} Antworten, i.e. {v} answers.',
        again: 'Bitte immer {v} answers.',
        update: 'Ab jetzt bitte {v} answers statt {o}.',
      },
      backup: {
        say: 'Backups werden {v} aufbewahrt.',
        again: 'Wir behalten Backups {v} lang.',
        update: 'Backups werden jetzt {v} aufbewahrt.',
      },
    },
  },
  {
    name: 'bullets',
    style: 'plain',
    noise: ['- todo: look at logs', 'deploy?', '- [ ] write docs', 'see above', '```\n$ npm test\nall green\n```'],
    says: {
      pkg: { say: '- package manager: {v}', again: '- pkg manager = {v}', update: '- package manager: {v} (was {o})' },
      host: { say: '- hosting: {v}', again: '- deploys go to {v}', update: '- hosting -> {v}, no longer {o}' },
      db: { say: '- db: {v}', again: '- database = {v}', update: '- db now {v}' },
      url: { say: '- staging: {v}', again: '- staging url = {v}', update: '- staging url changed to {v}' },
      port: { say: '- api port = {v}', again: '- api runs on port {v}', update: '- api port {v} now, not {o}' },
      ci: { say: '- CI: {v}', again: '- CI runs on {v}', update: '- CI: switched to {v}' },
      node: { say: '- node version: {v}', again: '- we run node {v}', update: '- node upgraded to {v}' },
      owner: {
        say: '- billing: {v} is responsible',
        again: '- billing owner {v}',
        update: '- billing owner is {v} now',
      },
      indent: { say: '- indentation: {v}', again: '- indent with {v}', update: '- indentation changed to {v}' },
    },
  },
  {
    name: 'longform',
    style: 'prose',
    noise: [
      'I spent most of yesterday chasing a race in the scheduler, which turned out to be a missing await.',
      'Before we go on, please summarise what you found in the logs and where you would start looking.',
      'If we ever get around to it, a dashboard for that would be lovely.',
      'That was a rough release, but I am glad it is behind us.',
    ],
    says: {
      host: {
        say: 'For context, the application is hosted on {v}, which is where all of the customers reach us.',
        again: 'As I said, our production environment runs on {v}.',
        update: 'After the outage we decided to leave {o}, and since last Monday everything is hosted on {v}.',
      },
      url: {
        say: 'If you want to look at the current state, the staging environment lives at {v} and is open to the team.',
        again: 'You will find staging under {v}.',
        update: 'Please note that the staging environment has moved to {v}.',
      },
      editor: {
        say: 'I do most of my work in {v}, so snippets for that editor are the most useful to me.',
        again: 'My editor of choice is {v}.',
        update: 'I have switched my editor from {o} to {v}, so please adapt your snippets.',
      },
      indent: {
        say: 'In this codebase we indent with {v}, and I care about that.',
        again: 'The code style asks for {v} as indentation.',
        update: 'We had a discussion about style and decided to indent with {v} instead of {o}.',
      },
      release: {
        say: 'Our releases go out on {v}, so nothing risky should be merged on that day.',
        again: 'We release every {v}.',
        update: 'To give support more time we moved the release day from {o} to {v}.',
      },
      owner: {
        say: '{v} is responsible for billing, so questions about invoices should go there.',
        again: 'The person who is responsible for billing is {v}.',
        update: 'Since the reorganisation {v} is responsible for billing instead of {o}.',
      },
      backup: {
        say: 'We keep the backups for {v} and delete them afterwards.',
        again: 'Our backups are kept for {v}.',
        update: 'The auditors were here, and backups are now kept for {v}.',
      },
      tz: {
        say: 'My working hours follow {v} time, so please schedule accordingly.',
        again: 'My time zone is {v}.',
        update: 'I relocated last week, so my time zone is {v} now.',
      },
    },
  },
  {
    name: 'sloppy',
    style: 'prose',
    noise: ['lol', 'k', 'try agian', 'wtf why is that failing', 'nvm works now', 'cna you check the logs pls'],
    says: {
      pkg: { say: 'we use {v} here', again: 'remember: {v} is our package manager', update: 'we use {v} now not {o}' },
      db: { say: 'db is {v} btw', again: 'were using {v} as db', update: 'switched the db to {v}' },
      port: { say: 'api runs on port {v}', again: 'the api is on {v}', update: 'nope port is {v} now' },
      editor: { say: 'i use {v}', again: 'my editor is {v}', update: 'i switched to {v}' },
      chat: { say: 'were on {v}', again: 'team chat is {v}', update: 'team chat moved to {v}' },
      node: { say: 'were on node {v}', again: 'node version is {v}', update: 'we upgraded to node {v}' },
      mascot: { say: 'mascot is the {v} btw', again: 'our mascot: {v}', update: 'new mascot is the {v}' },
      design: { say: 'designs are in {v}', again: 'we design in {v}', update: 'designs moved to {v}' },
      budget: { say: 'monthly budget is {v}', again: 'budget per month: {v}', update: 'monthly budget is {v} now' },
    },
  },
  {
    name: 'storyteller',
    style: 'prose',
    noise: [
      'It was one of those evenings where nothing worked and I went to bed at two.',
      'You should have seen the face of our PM when the demo crashed.',
      'Anyway, back to work, where were we?',
      'I ended up rewriting half of that module over the weekend.',
    ],
    says: {
      pkg: {
        say: 'Back when we set up the repo we picked {v} to manage packages, and that is what everyone has installed.',
        again: 'Remember to add packages with {v}, nothing else.',
        update: 'We bit the bullet and went from {o} to {v} for all our packages.',
      },
      host: {
        say: 'All our containers live at {v}, the bill comes from there.',
        again: '{v} runs our containers.',
        update: 'Our containers have found a new home: {v}.',
      },
      db: {
        say: 'Orders and users are saved in a {v} instance.',
        again: 'It is {v} that keeps our orders and users.',
        update: 'Last night we migrated orders and users over to {v}, and {o} is switched off.',
      },
      standup: {
        say: 'We see each other at {v} for the standup.',
        again: 'The standup starts at {v} sharp.',
        update: 'People kept coming late, so the standup now starts at {v}.',
      },
      owner: {
        say: 'For billing questions you want {v}.',
        again: '{v} is our billing person.',
        update: 'Since {o} left the company, billing is with {v}.',
      },
      tz: {
        say: 'I am based in {v} as far as clocks go.',
        again: 'My calendar is set to {v}.',
        update: 'I packed my bags, so from now on my calendar is set to {v}.',
      },
      backup: {
        say: 'If we ever lose something, the backups go back {v}.',
        again: 'Backups reach back {v}.',
        update: 'We gave the backups more room, they reach back {v} now.',
      },
      chat: {
        say: 'When somebody wants to reach us they write on {v}.',
        again: 'Our conversations happen on {v}.',
        update: 'Our conversations have moved to {v} because {o} got too expensive.',
      },
      release: {
        say: 'A new version leaves the house every {v}.',
        again: '{v} is the day we put out new versions.',
        update: 'New versions come out on {v} from here on, {o} clashed with the board meeting.',
      },
      design: {
        say: 'Our designer draws everything in {v}.',
        again: 'For mockups open {v}, that is where they are.',
        update: 'Our designer has jumped ship from {o} to {v}.',
      },
    },
  },
  {
    name: 'manager',
    style: 'prose',
    noise: [
      'Please prepare a short overview of the open risks for tomorrow.',
      'Appreciate the quick turnaround on this.',
      'Looping back on the failing nightly job: any progress?',
      'Let us discuss that in our next one-on-one.',
    ],
    says: {
      host: {
        say: 'Going forward please be aware that our hosting partner is {v}.',
        again: 'Our hosting contract is with {v}.',
        update: 'Effective this month our hosting partner has changed from {o} to {v}.',
      },
      ci: {
        say: 'All builds are executed by {v}.',
        again: '{v} is responsible for running our builds.',
        update: 'The builds have been transferred to {v}; {o} will not be used any longer.',
      },
      budget: {
        say: 'You have {v} at your disposal each month, that is the agreed budget.',
        again: 'As agreed, the budget per month amounts to {v}.',
        update: 'Finance has approved a new monthly budget of {v}.',
      },
      url: {
        say: 'Stakeholders can have a look at the staging system under {v}.',
        again: 'The staging system is available at {v}.',
        update: 'The staging system is now available at {v}, the old address was retired.',
      },
      standup: {
        say: 'The daily standup takes place at {v}.',
        again: 'Our daily standup is scheduled for {v}.',
        update: 'Please note that the daily standup will take place at {v} instead of {o}.',
      },
      release: {
        say: 'Our release window is {v}.',
        again: 'Releases are scheduled for {v}.',
        update: 'We agreed with support to shift the release window from {o} to {v}.',
      },
      owner: {
        say: 'Accountability for billing lies with {v}.',
        again: 'Please direct billing topics to {v}.',
        update: 'Accountability for billing has been handed from {o} to {v}.',
      },
      answers: {
        say: 'I would appreciate it if your answers were {v}.',
        again: 'As mentioned, {v} answers work best for me.',
        update: 'I have reconsidered: {v} answers are what I need from you now.',
      },
      node: {
        say: 'Our baseline is Node {v}.',
        again: 'All services must run on Node {v}.',
        update: 'We have lifted our baseline to Node {v}.',
      },
      branch: {
        say: 'Our work is integrated on the {v} branch, which is our main branch.',
        again: 'The main branch goes by the name of {v}.',
        update: 'From today the main branch goes by the name of {v}.',
      },
    },
  },
  {
    name: 'slangy',
    style: 'prose',
    noise: ['yo that was sick', 'gimme the diff', 'ugh not again', 'u there?', 'ship it'],
    says: {
      pkg: { say: 'pkgs r done w/ {v}', again: 'its {v} for packages ok', update: 'bye {o}, packages are {v} now' },
      db: { say: 'we got a {v} db', again: '{v} is the db', update: 'db is {v} since today, no more {o}' },
      port: { say: 'gateway sits on port {v}', again: 'gateway port is {v}', update: 'gateway went from {o} to {v}' },
      editor: { say: 'im a {v} guy', again: 'i code in {v}', update: 'im done with {o}, its {v} for me now' },
      indent: { say: '{v} only pls', again: 'i want {v} in my code', update: 'ok i give in, {v} instead of {o}' },
      ci: { say: 'we build on {v}', again: 'ci = {v}', update: 'killed {o}, ci is on {v}' },
      branch: { say: 'main branch = {v}', again: 'we branch from {v}', update: 'main branch is {v} from now on' },
      node: { say: 'node {v} everywhere', again: 'stack runs node {v}', update: 'node is {v} now everywhere' },
      mascot: { say: 'our mascot = {v}', again: 'mascot is a {v}', update: 'mascots a {v} now' },
      design: { say: 'mockups r in {v}', again: 'find mockups on {v}', update: 'mockups now in {v}' },
    },
  },
];
