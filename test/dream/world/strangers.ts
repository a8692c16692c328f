import type { Author } from './author.ts';

/**
 * Four voices of two people, written down by somebody who had read neither the rules nor the other authors, and not
 * changed since: what they score is what a stranger's way of talking scores.
 */
const engineerNoise = [
  'Could you have a look at why the integration tests take so long? I suspect the fixtures, but I have not profiled anything yet.',
  'Thanks, that was exactly what I needed! The second half reads much better now.',
  'I spent the morning chasing a race in the scheduler and it turned out to be my own fault, sorry for the noise.',
  'When you get a minute, please summarise the open pull requests, and skip the ones from the bot.',
  'It is probably going to rain the whole weekend, so I may finally read that paper on log-structured storage.',
  'Yesterday the deploy hung for twenty minutes because the health check pointed at the wrong path.',
  'Does it make sense to retry here at all? If the first call failed the second one usually does too.',
];
const noteNoise = [
  'ok thx',
  'todo: ring the dentist',
  'hm, tests red again on my box, not on theirs. ideas?',
  'lol no',
  'pls shorten that, nobody reads three paragraphs',
  'meeting ran late, will look after lunch',
  'wip, ignore the last two commits',
  'can u rename the helper, the name is awful',
];

export const ENGINEER: readonly Author[] = [
  {
    name: 'engineer, with reasons',
    style: 'prose',
    noise: engineerNoise,
    says: {
      pkg: {
        say: 'Just so you know, all our repositories get their dependencies installed with {v}, because the lockfile is the one our tooling understands.',
        again:
          'If you ever need to add a dependency, please do it through {v}, since that is what everybody on the team runs.',
        update:
          'We finally got fed up with {o} and went with {v} instead, so please use that for installing things from here on.',
      },
      host: {
        say: 'Our production environment lives on {v}, mostly because the pricing was predictable when we started.',
        again: 'When something is down, check {v} first, because that is where the whole thing runs.',
        update:
          'After the outage last month we packed up and left {o}; production has been running on {v} since this morning.',
      },
      db: {
        say: 'For storage we ended up with {v}, as nobody wanted to operate anything more exotic.',
        again: 'Keep in mind that the data sits in {v}, so the queries need to be written for that.',
        update:
          'The migration is done at last: what used to be in {o} is now stored in {v}, and the old cluster has been switched off.',
      },
      port: {
        say: 'The gateway listens on port {v} on my machine, since the lower ones were already taken by other services.',
        again: 'You can reach the gateway locally at port {v}, in case you want to try it yourself.',
        update: 'I had to move the gateway away from port {o} because of a clash with the proxy. It is {v} now.',
      },
      url: {
        say: 'You will find our staging system at {v}, and it is safe to break it.',
        again: 'Whenever I say staging, I mean the one reachable under {v}.',
        update:
          'The staging system got a new address as part of the cleanup, so instead of {o} you should now use {v}.',
      },
      branch: {
        say: 'In this repository everything gets merged into {v}, which is the default branch here.',
        again: 'Please open pull requests against the {v} branch, as that is the one we release from.',
        update: 'We renamed the default branch over the weekend: it used to be {o}, and it is called {v} these days.',
      },
      editor: {
        say: 'I do most of my writing in {v}, so if you suggest shortcuts, make them fit that.',
        again: 'My editor happens to be {v}, in case you were wondering why the config folder looks like that.',
        update: 'After years with {o} I have finally switched editors, and I have been happily using {v} for a week.',
      },
      indent: {
        say: 'When you write code for me, please indent with {v}, because that is what our formatter enforces.',
        again: 'Our code base is indented with {v} throughout, and reviews get stuck on anything else.',
        update: 'The team voted on formatting yesterday and {o} lost, so from now on code is indented with {v}.',
      },
      standup: {
        say: 'We have our daily standup at {v}, so please do not schedule anything heavy around that time.',
        again: 'I am usually unavailable around {v} because that is when the standup takes place.',
        update: 'As the people in the other office start later, standup got pushed from {o} to {v}.',
      },
      release: {
        say: 'We usually cut our releases on {v}, which leaves us enough of the week to react.',
        again: 'Releases go out every {v}, unless something is seriously broken.',
        update: 'Shipping on {o} turned out to be a bad idea with the support rota, so releases now go out on {v}.',
      },
      owner: {
        say: 'If you have questions about billing, {v} is the person responsible for it on our side.',
        again: 'Anything that touches the billing code should be reviewed by {v}, who owns it.',
        update: 'Since {o} changed teams, the billing code has been taken over by {v}.',
      },
      tz: {
        say: 'I live and work in the {v} time zone, so please convert the times you show me.',
        again: 'Times in your reports should be given in {v}, because that is where I am.',
        update: 'I have moved, so my time zone is no longer {o} but {v}.',
      },
      answers: {
        say: 'I would appreciate it if your answers were {v}, as I mostly read them between two meetings.',
        again: 'Generally speaking I like {v} answers best, so please stick to that.',
        update: 'I have changed my mind about your answers being {o}: please keep them {v} from now on.',
      },
      ci: {
        say: 'Our pipelines are built by {v}, which also takes care of publishing the artefacts.',
        again: 'If a build fails, the logs can be found in {v}, as that is where our CI happens.',
        update:
          'Because of the queue times, CI has been moved over from {o} to {v}, and I already deleted the old config.',
      },
      chat: {
        say: 'The team talks on {v}, so alerts ought to be posted there as well.',
        again: 'You can ping me on {v} if anything urgent comes up, since all our conversations happen there.',
        update: 'The company has decided that {o} is too expensive, which is why our team chat is on {v} as of today.',
      },
      node: {
        say: 'Please make sure that whatever you write runs on Node {v}, because that is the version we have in production.',
        again: 'Our services are pinned to Node {v} for the time being.',
        update: 'We have upgraded the servers, so Node {o} is gone and everything runs on Node {v} now.',
      },
      backup: {
        say: 'Backups are kept for {v}, which is what our auditors asked for.',
        again: 'As far as retention is concerned, we hold on to backups for {v} and delete them afterwards.',
        update: 'Legal got back to us about retention, and backups must be kept for {v} rather than {o}.',
      },
      budget: {
        say: 'Please keep an eye on costs, since the monthly budget for this is {v}.',
        again: 'We are allowed to spend {v} a month on this, and I would rather not explain an overrun.',
        update: 'Good news on the budget front, they changed it from {o} to {v} a month.',
      },
      design: {
        say: 'Our designers do all their mockups in {v}, so that is where you will find the originals.',
        again: 'The design files are all in {v}, and I can give you a link if you need one.',
        update: 'The designers have abandoned {o} because of the licence, and mockups are made in {v} these days.',
      },
      mascot: {
        say: 'In case you need it for the docs, the mascot of our project is a {v}.',
        again: 'Our mascot, the {v}, should appear somewhere on the landing page.',
        update: 'Nobody liked the {o}, so we chose a {v} as our mascot.',
      },
    },
  },
  {
    name: 'engineer, telling stories',
    style: 'prose',
    noise: engineerNoise,
    says: {
      pkg: {
        say: 'A bit of background on our setup: we manage packages with {v}, and the CI image has it preinstalled.',
        again: 'By the way, {v} is the package manager we settled on.',
        update: 'You may remember that we used {o}. That is no longer the case, our packages are managed with {v} now.',
      },
      host: {
        say: 'The whole application is hosted by {v}, and I have been fairly happy with their support.',
        again: 'We host everything on {v}, including the little internal tools.',
        update: 'We moved our hosting last night. It was {o} before, and now it is {v}.',
      },
      db: {
        say: 'Under the hood the application talks to a {v} database, which Chris set up ages ago.',
        again: 'Since our database is {v}, you can rely on transactions being there.',
        update: 'We have been replacing {o} bit by bit, and as of this week our database is {v}.',
      },
      port: {
        say: 'If you start the gateway with the default settings, it will be listening on {v}.',
        again: 'The port that the gateway uses is {v}, which I always forget myself.',
        update: 'Remember the gateway port? I changed it, so it listens on {v} instead of {o}.',
      },
      url: {
        say: 'The staging environment is deployed to {v} after each merge.',
        again: 'If you want to see it live, staging can be reached at {v}.',
        update: 'Our staging environment does not live at {o} any more, it was moved to {v} by the platform team.',
      },
      branch: {
        say: 'Our main line of development is the {v} branch, so please base your work on it.',
        again: 'The default branch is {v}, as you have probably noticed.',
        update: 'Instead of {o}, our default branch is {v} from now on, because the deployment scripts expect it.',
      },
      editor: {
        say: 'I have been using {v} as my editor for quite a while, and I am not planning to learn another one.',
        again: 'Since I edit everything in {v}, a snippet for it would be welcome.',
        update: 'I gave up on {o} as my editor. After some experiments I ended up with {v}.',
      },
      indent: {
        say: 'We have had endless discussions about this, but the rule is that files are indented using {v}.',
        again: 'For indentation we use {v}, so please do not mix styles.',
        update: 'The style guide was changed, and where it said {o} for indentation, it now says {v}.',
      },
      standup: {
        say: 'Our standup starts at {v} every morning, and it rarely takes more than ten minutes.',
        again: 'At {v} we all meet for standup, so I will not be answering then.',
        update: 'Standup was moved so that the parents can join. It is at {v} now, not at {o}.',
      },
      release: {
        say: 'Our release day is {v}, so please have the changelog ready by then.',
        again: 'Every {v} we ship a new release, which means the day before is for testing.',
        update:
          'We have decided that {v} is a better release day than {o}, and the calendar has been changed accordingly.',
      },
      owner: {
        say: 'The billing service is looked after by {v}, who wrote most of it.',
        again: '{v} is in charge of billing, so that is who you should mention in the ticket.',
        update: 'There has been a handover: {v} is responsible for billing now, and {o} works on search.',
      },
      tz: {
        say: 'My calendar is set to {v}, so whenever I mention a time I mean that zone.',
        again: 'Just to avoid confusion, my time zone is {v}.',
        update: 'I relocated last month, and as a consequence my time zone changed from {o} to {v}.',
      },
      answers: {
        say: 'It helps me a lot when you give me {v} answers, so please do that by default.',
        again: 'I prefer your replies to be {v}, as I said before.',
        update: 'I know I asked for {o} answers, but it turned out that I prefer {v} ones.',
      },
      ci: {
        say: 'For continuous integration we rely on {v}, and the configuration is checked in.',
        again: 'All our tests are run on {v} whenever somebody pushes.',
        update: 'We used to have our CI on {o}, but it was so slow that we went with {v}.',
      },
      chat: {
        say: 'Most of our communication takes place on {v}, including the on-call stuff.',
        again: 'Our chat tool is {v}, and I check it several times a day.',
        update: 'We said goodbye to {o} on Friday, and {v} is what we use for chat now.',
      },
      node: {
        say: 'The version of Node that we target is {v}, and I would like to keep it that way for a bit.',
        again: 'We are on Node {v}, so you can use whatever is available there.',
        update: 'Node was bumped from {o} to {v} in all services, after which the tests became faster.',
      },
      backup: {
        say: 'We do nightly backups, and they are deleted after {v}.',
        again: 'The retention period for our backups is {v}.',
        update: 'The retention of backups has been changed to {v}, it was {o} until yesterday.',
      },
      budget: {
        say: 'My boss gave us a budget of {v} per month for the cloud bill.',
        again: 'The cloud bill must not exceed {v} per month, which is our budget.',
        update: 'Our monthly budget was adjusted. We now have {v}, where before it was {o}.',
      },
      design: {
        say: 'For design work the team has been relying on {v}, which I find surprisingly pleasant.',
        again: 'You will have to look into {v} for the designs, as we keep all of them there.',
        update: 'All our designs were migrated from {o} to {v} during the summer.',
      },
      mascot: {
        say: 'We picked a {v} as our mascot, because the founder loves animals.',
        again: 'The mascot is a {v}, and there are stickers if you want some.',
        update: 'Our mascot was a {o} until last week, and now it is a {v}.',
      },
    },
  },
];

export const NOTES: readonly Author[] = [
  {
    name: 'terse notes',
    style: 'plain',
    noise: noteNoise,
    says: {
      pkg: { say: 'pkg manager: {v}', again: '{v} for packages, always', update: 'pkg manager: {v} now, not {o}' },
      host: { say: 'hosting = {v}', again: 'prod is on {v} btw', update: 'hosting: {o} -> {v}' },
      db: { say: 'db: {v}', again: "we're on {v} for the db", update: 'db is {v} now, {o} is dead' },
      port: { say: 'gateway port {v}', again: 'gateway runs on :{v}', update: 'gateway port changed, {v} now' },
      url: { say: 'staging: {v}', again: 'staging is here {v}', update: 'new staging url {v}, forget the old one' },
      branch: {
        say: 'default branch: {v}',
        again: 'PRs go to {v} branch pls',
        update: 'default branch is {v} now (was {o})',
      },
      editor: { say: 'editor: {v}', again: "i'm a {v} user, editor-wise", update: 'ditched {o}, editor is {v} now' },
      indent: {
        say: 'indent: {v}',
        again: '{v} for indentation pls',
        update: 'indentation: {v} from now on, no more {o}',
      },
      standup: { say: 'standup {v}', again: 'standup is at {v} daily', update: 'standup moved, {v} now' },
      release: {
        say: 'release day = {v}',
        again: 'we release on {v}s',
        update: 'release day is {v} now instead of {o}',
      },
      owner: { say: 'billing owner: {v}', again: 'billing? ask {v}', update: "billing is {v}'s now, not {o}'s" },
      tz: { say: 'my tz: {v}', again: "i'm in {v} (timezone)", update: 'tz changed: {v}' },
      answers: {
        say: 'answers: {v} pls',
        again: 'keep the answers {v}',
        update: '{v} answers from now on, {o} was a bad idea',
      },
      ci: { say: 'CI: {v}', again: 'ci runs on {v}', update: 'CI is {v} now, bye {o}' },
      chat: { say: 'team chat = {v}', again: 'we chat on {v}', update: 'chat: switched to {v}' },
      node: { say: 'node {v} everywhere', again: 'we run node {v}', update: 'node {o} -> {v}' },
      backup: {
        say: 'backups: keep {v}',
        again: 'backup retention {v}',
        update: 'backup retention: {v} as of today, was {o}',
      },
      budget: {
        say: 'budget {v}/month',
        again: 'monthly budget is {v}',
        update: 'budget now {v}/month, up or down from {o}',
      },
      design: {
        say: 'design tool: {v}',
        again: 'designs are in {v}',
        update: 'designs moved to {v}, {o} is cancelled',
      },
      mascot: { say: 'mascot: {v}', again: 'our mascot is the {v}', update: 'mascot is a {v} now, sorry {o}' },
    },
  },
  {
    name: 'notes in a chat',
    style: 'prose',
    noise: noteNoise,
    says: {
      pkg: {
        say: 'fyi we use {v} here, pls dont run anything else for installs',
        again: 'its {v} for installing deps, as always',
        update: 'sooo we dropped {o} today. {v} from now on for all installs',
      },
      host: {
        say: "note to self: app's deployed on {v}",
        again: 'yeah we deploy to {v}, same as ever',
        update: 'deploys go to {v} these days, {o} got too pricey',
      },
      db: {
        say: 'data lives in {v} fyi',
        again: 'its a {v} database, so careful with the migrations',
        update: 'ok database swap done!! {v} it is, {o} is history',
      },
      port: {
        say: 'btw the gateway is on port {v} locally',
        again: 'curl the gateway on {v} and youll see',
        update: "had to change the gateway port, it's {v} now",
      },
      url: {
        say: 'staging lives at {v} if u need it',
        again: 'just go to {v}, thats staging',
        update: 'they moved staging again, sigh. its {v} now',
      },
      branch: {
        say: 'we work off the {v} branch here',
        again: 'always branch from {v}, thats the default branch',
        update: 'heads up: default branch renamed to {v}',
      },
      editor: {
        say: 'im using {v} as editor so no vscode tips pls',
        again: '{v} is my editor, i told u',
        update: 'guess who switched editors, {v} now',
      },
      indent: {
        say: 'and pls indent with {v}, not whatever that was',
        again: 'indentation is {v} here',
        update: 'we agreed on {v} for indentation, so stop using {o}',
      },
      standup: {
        say: 'got standup at {v} every day so dont bug me then',
        again: 'cant at {v}, standup',
        update: 'standup is now {v}, they pushed it',
      },
      release: {
        say: 'releases are on {v}, fyi',
        again: 'its {v} so release day, wish me luck',
        update: "we don't release on {o} anymore, it's {v}",
      },
      owner: {
        say: '{v} does billing, ask there',
        again: 'for billing stuff talk to {v}',
        update: '{o} left, {v} handles billing now',
      },
      tz: {
        say: 'im on {v} time btw',
        again: 'timezone is {v}, remember',
        update: 'moved house, timezone is {v} now',
      },
      answers: {
        say: 'pls keep your answers {v}, i read them on the phone',
        again: 'i like {v} answers',
        update: 'actually make the answers {v} going forward',
      },
      ci: {
        say: 'we build on {v}, just so u know',
        again: 'check {v}, thats where ci runs',
        update: 'ci got migrated to {v}, so dont bother looking at {o}',
      },
      chat: {
        say: 'everyone is on {v}, post there',
        again: 'team chat happens on {v}',
        update: 'we left {o}, team chat is {v} now',
      },
      node: {
        say: "we're on node {v} for all services",
        again: 'node version is {v}',
        update: 'bumped node to {v} this morning',
      },
      backup: {
        say: 'we keep backups {v}, legal wants it',
        again: 'backups stick around for {v}',
        update: 'backups are now kept {v}. was {o}',
      },
      budget: {
        say: "budget's {v} a month, dont blow it",
        again: 'we only have {v} a month budget',
        update: 'boss changed the budget to {v} a month',
      },
      design: {
        say: 'designs are made in {v}',
        again: 'look in {v} for the designs',
        update: 'design team went with {v} in the end, {o} is out',
      },
      mascot: {
        say: 'mascots a {v} btw, cute right',
        again: 'the {v} is our mascot',
        update: 'new mascot!! its a {v}',
      },
    },
  },
];
