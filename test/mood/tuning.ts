import { labelled } from './labelled.ts';

/** What the patterns were written with. One message a line; `\n` stands for a line end. */
export const TUNING = labelled({
  'back-off': String.raw`
stop!
STOP
stop, please
no, stop
stop that
stop doing that
stop this now
hey stop
would you stop
stop. right now.
stop it already!!!
leave me alone please
can you leave me alone
just let me be
too many alerts
too many pings today
so many notifications, too many
these are too many messages for one morning
you send too many messages
you message me too much
enough messages for today
enough of this
I've had enough of your notifications
ok that's enough for now
stop spamming me
stop sending me messages
stop sending me updates about the docs repo
stop telling me about every push
stop notifying me
stop bothering me
stop annoying me
quit messaging me
stop with the messages
stop the notifications
no more pings
no more alerts tonight
don't ping me
don't bother me right now
do not message me before 9
never message me on Sundays again
please don't disturb me
shut it
shush
silence please
zip it
be silent
go away please
get lost
not right now
not now please
I'm in a meeting, not now
I'm trying to focus here, stop pinging
you are interrupting me again
you're bothering me
you are annoying me with these messages
this is getting spammy
that's spam
give me some space
give me a moment of peace
take a break
I don't want any more messages
I don't want to see these anymore
I don't need these messages
nobody asked you
I didn't ask you
stop wasting my time with messages
lass mich bitte in Ruhe
halt die Klappe
hör bitte auf
nicht jetzt
genug jetzt
schluss damit
zu viele Benachrichtigungen heute
Great. And now stop messaging me.
The build is green again, thanks. But please stop pinging me for each commit.
stop\nI mean it
`,
  acknowledge: String.raw`
again??
AGAIN!!!
not again
oh no, not again
it broke again
it crashed again
this failed again
that didn't work again
you failed again
still fails
still wrong
still the same error
it still doesn't work
this is still broken, come on
it doesn't work. still.
that's the second time today
this is the fourth time
for the third time: use pnpm
how often do I have to say it
I've told you a hundred times
as I already said, no force push
I already said no
you broke main
you've broken everything
you just killed my session
you deleted the wrong branch
you lost my changes
you overwrote my file
what have you done
what did you just do
wtf happened
what the heck is going on
for fucks sake
fuck
shit
fucking hell
bloody hell
this is fucking broken
this damn thing
stupid bot
stupid thing
dumb bot
you idiot
you are useless
completely useless
totally broken
what a mess
what a joke
this is a disaster
this is awful
this is insane
this is nonsense
I'm frustrated
I am really annoyed
I'm so tired of this
I'm losing my patience
I hate this
I hate it when you do that
this makes me angry
you never listen
you always get this wrong
nothing ever works
it never works the first time
why is it always broken
why do you keep doing that
you keep doing this
you keep breaking the tests
same error again
same problem as before
wrong again, try harder
wrong!!!
great, it's broken again
oh great
oh wonderful, now main is red too
yeah right, "fixed"
nice one, now nothing compiles
thanks a lot, now everything is red
brilliant. just brilliant.
another failure. fantastic.
that took hours, for nothing
hours wasted
come on!
seriously??
are you serious
are you kidding
unbelievable, just unbelievable
ugh
grr
aargh
jesus christ
omg not again
dammit
crap
that's not what I wanted
I didn't ask for that
I never asked for that
you did the opposite of what I said
read what I wrote!
pay attention
was zum Teufel
verdammt
Scheiße
schon wieder ein Fehler
so ein Quatsch
geht immer noch nicht
du hast alles gelöscht
das nervt
😡
`,
  simplify: String.raw`
I do not understand
i dont understand
I don't understand this
I don't understand what you wrote
I don't understand your answer
I still don't understand
I didn't get that
don't get it
I don't follow
not following
can't follow you
what?
what??
wat
hm?
pardon?
sorry?
what do you mean with that
what are you saying
what are you trying to say
what do you want from me
what's that supposed to mean
that means what?
I'm totally confused
you're confusing me
so confusing
I'm completely lost
you've lost me
it's too long
this is too long
too long to read
way too verbose
too much text
too many words
that's a lot of text
tl dr
TLDR?
shorter
shorter!
a bit shorter please
short answer please
short answer?
in one sentence please
one sentence
one line please
just the answer please
just give me the number
just tell me what to do
just tell me what happened
just say yes or no
just yes or no please
in simple words
in simple terms please
in english please
plain english please
use simpler words
explain it simply
explain like I am 5
dumb it down
can you break it down for me
say that again in simple words
too technical
too complex for me
I'm not a developer
no jargon please
skip the details
get to the point please
what's your point
so what's the result?
in other words?
it makes no sense
that doesn't make sense
none of this makes sense
I can't make sense of this
unclear
that's unclear
please clarify
can you clarify that
can you say that differently
can you be more concise
be concise
less text please
I only need a yes or no
was bedeutet das
das verstehe ich nicht
versteh ich nicht
kannst du das einfacher erklären
zu kompliziert
zu lang, kürzer
wie bitte?
`,
  none: String.raw`
stop the timer
stop job j12
stop all containers on the box
stop main.service
stop and remove the old image
please stop the schedule called tidy
stop watching octo/app
the stop signal is SIGTERM
does docker stop send SIGKILL
the job didn't stop
it doesn't stop by itself
don't stop until all tests pass
never stop the ledger while a backup runs
stop at the first failure
the process won't stop, can you look
kill switch
kill the branch after the merge
kill two birds with one stone
that feature kills it
damn, nice work
damn nice
damn good idea
holy cow that was quick
wicked
badass
awesome
crazy good
insane speed, well done
this is not broken
not too bad
it isn't broken anymore
I'm no longer frustrated, it works
I am not angry
I was confused yesterday, now it's clear
not confusing at all
it doesn't annoy me
that isn't too long
I never said that it was broken
now I understand
I understand
understood
got it
got it, thanks
it makes sense to me
does that make sense?
again
once again
and again please
check again in an hour
try it again with node 26
ask me again on Monday
it works again
green again
look at it again
say it again
build it again from scratch
for the first time all checks pass
this time it worked
the second time zone is wrong
how many times did it run
how many times per day does the job run
if it fails again, tell me
tell me if it breaks again
when the build fails again, open an issue
retry when it fails
three tests failed in parser.test.ts
main is red
the deployment failed with exit code 1
the release job crashed at 03:12
why did the job fail
who broke the build
which commit broke main
what broke in the last release
what happened last night
what happened to PR 31
the user reported a broken page
fix the broken test
find broken links
document the broken pipe error
this is the same error as in #12
same as yesterday please
use the same approach as before
great news, the release is out
great idea
great, go ahead
oh nice
oh great, thank you!
fantastic work, thanks
brilliant, thanks
thanks
thanks a lot!
thank you so much
thanks for everything
well done
good job
good bot
cool
cool cool
super
wow
wow!!!
omg it works
oh my god this is great
hell of a refactoring, well done
what the docs say is fine
what do the docs say
what does ETag mean
what does that function return
what does it cost
what is the meaning of lane
explain this stack trace
explain step by step how the dream works
give me all the details
more details please
give me details on the failing job
write a longer description
the description is too short
max line length is too long for the linter
that took too long in CI, cache it
file name too long error
request URI too long
shorten the title of the PR
make the summary shorter
simplify the function parse in src/a.ts
simplify this expression
refactor the complicated loop
this code is hard to follow, refactor it
the docs are confusing in section 3, please fix them
the readme does not make sense without a diagram, add one
sum up the changes since Monday
short summary of the night please
what's the status
what's the plan for today
what's up
anything for me?
how are you
hi
hello
hey there
good night
quiet hours from 22 to 7 please
mute octo/app for 2 hours
mute
pause notifications for 2h
send me a message when it's done
message me when CI is green
ping me at 5
ping the server
ping 10.0.0.1
please notify me about releases
alert me on failures
how many alerts came in
list all notifications of today
there are too many warnings in the build log
too many connections in postgres
too many redirects
the alerting rule fires too often, raise the threshold
we send too many emails to customers, add a limit
enough tests for this module?
enough said
is that enough
good enough
that's good enough for me
not enough memory
spam filter is on
the comment in #4 is spam, hide it
mark the issue as spam
leave it open
leave the PR alone until Anna has reviewed
let the tests run
break the file up into two
take the box offline
go to the next item
go back one commit
hush now is a test name
be careful
be concise in commit messages
use plain english in the docs
write the docs in plain english
it's simple
wrong number of arguments
the answer is wrong in the test fixture, expected 3
wrong password error on login
is that wrong?
you were right
you did it!
you did it, great
you fixed main, thanks
you broke the record
nothing failed
nothing to do
no errors
never mind, found it
I already merged it
I already told Anna
I told you it would work :)
use the idiot-proof setting
stupid question: where is the config
dumb question, what is a lane
crap shoot
the word damn is in the fixture
ugly but it works
funny
kidding :)
just kidding
are you there?
are you done
seriously impressive
really nice
REALLY NICE WORK
CI IS GREEN!!!
LGTM!
NOTE: DO NOT MERGE BEFORE FRIDAY
URGENT: prod is down, look at the logs!!!
can you check??
why?
what for?
which one?
sorry, wrong chat
sorry for the noise
sorry, I meant the other branch
no, the other one
no. use main.
yes please
nein
ja bitte
danke
alles klar
mach weiter
nicht aufhören
versuch es nochmal
starte den Build nochmal
zu viele offene Dateien
der Name ist zu lang für die Spalte
ich verstehe
alles verstanden
He said "leave me alone" in the review
Subject: 'stop messaging me' is what the customer wrote
> I don't understand\nplease answer this comment
run ${'`'}kairos stop${'`'} and then start
the log prints ${'`'}wtf${'`'} at line 3
https://github.com/octo/stop/issues/1 please read
${'```'}js\nstop();\nthrow new Error("broken again");\n${'```'}
`,
});
