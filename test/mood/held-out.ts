import { labelled } from './labelled.ts';

/**
 * Written before the patterns were, and never tuned for; by the same hand, so strangers' messages are found less often (see
 * rounds.ts). One message a line; `\n` stands for a line end.
 */
export const HELD_OUT = labelled({
  'back-off': String.raw`
stop
Stop.
STOP!!!
please stop
ok stop now
stop it
can you please stop
just stop already
stop messaging me
Stop pinging me every five minutes
stop sending me these
quit it
leave me alone
leave me be for a while
just leave me alone today
shut up
oh shut up
will you be quiet
be quiet please
enough
that's enough
Enough already!
ok enough with the notifications
way too many messages
too many notifications, seriously
I'm getting too many alerts from you
why are you sending me so many messages
you're spamming me
this is spam
stop spamming the channel
not now
not now, I'm in a meeting
I'm busy, go away
go away
go bother someone else
don't bother me with this
do not disturb me until tomorrow
stop bugging me
quit bugging me about the linter
I don't want to hear about this anymore
I don't want to hear from you for the rest of the day
don't message me again today
please don't write to me at night
no more messages today please
no more notifications please
give me a break
give it a rest
let me work in peace
I need some peace and quiet
you're distracting me
you keep interrupting me
stop interrupting
quit pestering me
knock it off
cut it out
back off
pipe down
hush
calm down with the alerts
my phone won't stop buzzing because of you
I get a message from you every two minutes, it's too much
I can't concentrate with you pinging constantly
stop nagging me about the PR
I didn't ask for any of this, stop telling me about every commit
can you not ping me for every single commit
lass mich in Ruhe
hör auf
hör auf damit bitte
jetzt nicht
zu viele Nachrichten
es reicht
sei still
nerv nicht
I said stop
No. Stop. Leave it.
stop talking to me
could you please stop notifying me about dependabot
`,
  acknowledge: String.raw`
again?!
seriously, again?
it failed again
still broken
still not working
it's still failing, what is going on
this is the third time this week
third time I ask you the same thing
I already told you twice not to touch that file
I told you not to force push
how many times do I have to tell you
you broke it
you broke the build
great, you broke production
what did you do to my branch
what the hell happened here
what the hell
what the fuck
wtf
wtf is this
WTF did you do??
ffs
oh for fuck's sake
for god's sake, it's the same error
fuck this
this is bullshit
this is so frustrating
I'm so annoyed right now
this is driving me crazy
this is ridiculous
this is useless
you're useless
this thing is garbage
what a piece of crap
this sucks
it never works
nothing works
why does this never work
why can't you get this right
you keep making the same mistake
same mistake as yesterday
the same damn error again
that's wrong again
wrong again
you did it again
great, broken again
oh great, another failure
wonderful, it crashed again
nice job breaking the tests
thanks for nothing
well that was a waste of time
you wasted an hour of my time
I've been at this for hours and it still fails
I'm sick of this
fed up with this deploy
I give up
this is hopeless
unbelievable
you deleted my work!
you ruined my config
you messed up the migration
you screwed up the merge
I can't believe you did that
are you kidding me
you've got to be kidding
not what I asked for
that's not what I asked!
you didn't listen
you ignored what I said
why did you ignore my instructions
damn it
goddammit
argh
this is unacceptable
schon wieder kaputt
schon wieder
so ein Mist
verdammt nochmal
was soll der Scheiß
das funktioniert immer noch nicht
du hast es kaputt gemacht
every single time it's the same crap
another day, another broken deploy. thanks a lot
I asked for one simple thing and you got it wrong
how hard can it be
terrible, just terrible
what a mess you made
`,
  simplify: String.raw`
I don't understand
I don't get it
sorry, I don't understand that message
didn't understand a word
I have no idea what you mean
no idea what that means
what do you mean
What do you mean by "fast-forward"?
what does that mean
what does this even mean
what is that supposed to mean
huh?
huh
I'm confused
this is confusing
that's really confusing
you lost me
I'm lost
lost me at the second paragraph
too long
too long, didn't read
tl;dr
tldr please
that's way too long
wall of text
can you shorten that
shorter please
keep it short
make it shorter
be brief
in short please
short version?
give me the short version
just tell me if it passed
just tell me yes or no
just give me the answer
yes or no?
in plain English please
say that in plain words
explain it like I'm five
ELI5
simpler please
can you explain that more simply
could you simplify that
too complicated
this is too technical for me
less jargon please
too much detail
too much information
I don't need all the details
get to the point
what's the point
what's the bottom line
bottom line?
cut to the chase
spare me the details
so what do I need to do exactly, I can't tell from this
I can't follow
hard to follow
that makes no sense
makes no sense to me
this doesn't make any sense to me
can you rephrase that
say it in one sentence
summarize in one line
come again?
verstehe ich nicht
ich verstehe nur Bahnhof
was meinst du damit
zu lang
kürzer bitte
auf Deutsch bitte, einfach erklärt
what are you talking about
speak English
I only wanted a number, not an essay
nobody reads all that
one line is enough for me
`,
  none: String.raw`
stop the server
stop the deploy at 5
stop the nightly job please
please stop the container called redis
stop the daemon and start it again
kill the process on port 3000
kill -9 1234
kill it with systemctl
can you stop the build on main
don't stop
don't stop the import
keep going, don't stop now
how do I stop a running schedule?
what happens when the server stops
the service stops at midnight
full stop.
non-stop integration tests
the bus stop is next to the office
stop at line 40 in the debugger
set a stop condition for the loop
the tests stopped failing
this is killer
killer feature, thanks
damn good work
damn, that was fast
holy shit that's fast
hell yes
hell yeah, ship it
that's sick
this is insanely good
no more errors, nice
I'm not annoyed
I'm not annoyed at all, just curious
not frustrated, just wondering
no longer confused, thanks
I'm not confused anymore
it's not too long
I understand now
now I get it
that makes sense
makes sense, thanks
works now
works again, thank you
it's working again
run it again
try again
run the tests again please
once again thank you
again, thanks for the help
do it again tomorrow
see you again tomorrow
the third time slot is free
this is the third item in the list
what is in the third paragraph of the README
great
great work
great, thanks
thanks, great job
nice
wonderful, merged
perfect
good morning
morning! anything new?
what changed in this repository this week?
which tests failed last night
why did CI fail on main
show me the failing tests
the build is broken on main, can you look
CI failed again on the release branch, please find out why
login is broken for users with umlauts
fix the broken link in the README
the test still fails on Windows, see the log
what does this function do
what does exit code 137 mean
what does the flag --no-verify mean
explain how the scheduler works
explain the difference between rebase and merge
can you explain the failing assertion
I don't understand why the cache misses here, can you look into it
summarize the discussion in #42
give me a summary of today
write a short summary of the PR
is it too long for a commit message?
the line is too long, oxlint complains
this function is too long, split it
the query takes too long
the build takes too long, make it faster
the error message is confusing, improve it
rename the confusing variable in parse.ts
add a stop button to the page
remove the enough() helper
is 4 GB enough
that should be enough memory
two replicas are enough
we have enough disk space
too many open files error in the log
too many arguments to function call
HTTP 429 too many requests
who sent so many messages to the queue
how many messages are in the queue
the queue has too many messages, add a worker
mute 2h
unmute
status
digest
yes
no
ok
ok thanks
merge it
ship it
approve
deny
not now, but remind me at 5
later today is fine
leave the branch alone for now
leave the config as it is
leave a comment on the PR
don't merge yet
don't touch the lock file
do not deploy on Fridays
go ahead
go away from moment.js and use Temporal
back off exponentially when the API returns 429
implement exponential back-off
the client should back off after three failures
cut a release
cut it out of the changelog
be quiet in the logs at level warn
use --quiet
run npm ci --silent
enable do not disturb mode in the app settings
shut down the staging box
shut it down at 6pm
give the runner a break between jobs
the debugger doesn't break here
add a breakpoint in loop.ts
wrong branch, use develop
that's the wrong file, I meant src/a.ts
what's wrong with this regex
nothing is wrong
nothing broke, good
you fixed it!
you didn't break anything, relax
did you break anything
never mind
no worries
no problem
I love this
haha
lol
lol nice
😂
👍
:)
it's fine
all good
not bad
not too shabby
the user said "stop" and the bot kept going
the issue title is "wtf is this error"
> stop\nhe wrote that yesterday
> this is bullshit\nThat comment is by a user. Please answer him politely.
the commit says ${'`'}stop spamming logs${'`'}
see https://example.com/stop/leave-me-alone
can you grep for "TODO: this sucks"
${'```'}\nstop\nwtf\n${'```'}\nwhat does this script do
I hate Mondays
hate to ask, but can you check the backups
the crash is a damn race condition
find the shitty regex and make it linear
is this garbage collected
garbage collection takes 200 ms
useless import in main.ts, remove it
remove useless dependencies
the useless-escape rule fires
frustration detection needs tests
add a test for the annoyed case
the mood command prints null
lost updates are possible here
we lost the connection to the database
how do I get the short version of a commit hash
print the short SHA
what's the point release number
point me to the docs
move the point where it fails
make the timeout shorter
use a shorter name for this variable
keep the changelog short
what do you think
what do you mean by lane in the docs? just curious
any idea what this means: ECONNRESET
I'd like more details
too early to tell
tell me when it's done
just tell me when it's done
let me know when CI is green
tell Anna that the release is out
why
why not
how come
really?
seriously good work
no way, that's great
WHAT A DAY!!!
IT WORKS!!!
YES!!!
AMAZING WORK!!!
PLEASE CHECK THE STAGING ENVIRONMENT BEFORE NOON
does it work??
are you there??
hello???
guten Morgen
danke, super
läuft wieder
bitte den Server stoppen
stopp den Build um 5
hör dir das Log an
versteh ich, danke
reicht das?
das reicht mir, danke
`,
});
