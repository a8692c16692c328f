import { labelled } from './labelled.ts';

/**
 * A second and a third round of messages, each written after the patterns of the round before were finished: what was found of
 * them then is the honest figure (docs/messages.md); what is found of them now is what the patterns were made to find.
 */
export const SECOND_ROUND = labelled({
  'back-off': String.raw`
Please stop sending notifications
Stop sending so many messages
Can you stop with the notifications?
enough messages
No more updates please
I need you to stop
You need to stop
Stop it right now
just stop
stop everything
STOP SENDING ME MESSAGES
Please, leave me alone for an hour
Don't message me
Don't send me any more messages
do not send me anything else today
stop notifications
You're sending too many messages
This is too many messages
that's way too many pings
I'm overwhelmed by your messages
you're being annoying
you are so annoying
stop talking
please be quiet for a while
Quiet please.
not now, I am busy
I'm busy right now, leave me
give me some quiet time
go silent
mute yourself
Stop bombarding me with alerts
too much noise
you are too noisy
back off please
I've had enough
enough is enough
I asked you to stop
I told you to stop messaging me
can you shut up
please shut up for an hour
get off my back
let me sleep
stop waking me up
stop doing this
`,
  acknowledge: String.raw`
This is the third time it failed!
This is the third time I've told you.
it failed again, third time today
You broke it again
You broke my build!
This keeps failing
it keeps breaking
Why does this keep happening?
Why is this still broken?
This is still not fixed
You said it was fixed
you said you fixed it, but it's still failing
Great, broken again.
Oh great, it's broken again
wow, great job, it's broken again
Fantastic, another crash
WTF is going on
what the hell are you doing
wtf are you doing
are you kidding me right now
this is so annoying
I am so frustrated with this
Again?! Really?
Not again...
it's not working again
this isn't working
nothing is working
doesn't work, again
same error, third time
ugh, this again
damn it, not again
Seriously? It failed again?
this is getting ridiculous
you keep breaking the build
you did it wrong again
you made it worse
you made things worse
you messed everything up
how is this still failing?
How could you mess this up?
worst. bot. ever.
that was completely wrong
you got it wrong again
you're not listening
you never do what I ask
I've asked you three times
I asked you not to touch main
Everything is broken because of you
Thanks for breaking main
thanks for breaking prod
This damn test fails again
holy shit it broke again
this piece of shit
it's a mess
`,
  simplify: String.raw`
I don't understand what you mean
I do not understand this at all
Can you explain that in simpler terms?
Explain like I'm five
That's too long, give me the short version
Too long. Just tell me what to do.
TL;DR please
What do you mean?
What does that mean in plain English?
in plain english?
Please explain in simple terms
Simplify please
can you make it simpler?
keep it simple please
This is too complicated
too complicated, simplify
that went over my head
over my head
I'm not following you
I have no clue what you're saying
what?? I don't get it
That's way too much text
too much info
I can't read all that
not reading all that
Can you summarize in one sentence?
shorter please, I'm on my phone
Just tell me: is it broken or not?
just tell me already
get to the point already
speak plainly
use plain English
say it simply
I don't know what that means
no clue what that means
your answer is confusing
your explanation is too long
I'm confused by your answer
I'm a bit lost here
You've lost me there
Could you be more clear?
can you be clearer
be clear
`,
  none: String.raw`
The deployment broke at 5pm, can you check the logs?
stop the deploy at 5
kill the process that uses port 8080
this is killer, thanks
please stop the web server and restart nginx
damn good job
that's damn impressive
the tests fail with a timeout, what could it be?
what does "leave me alone" mean in German
Why is the build still running?
the build is still running
is it still broken?
Is the pipeline still failing?
did it fail again?
I understand. Go on.
Don't stop the deploy
not a problem
please don't leave the branch open
can you stop watching octo/app
too many messages in the queue, scale up
the customer complains about too many emails
users get too many notifications from our app, fix it
let's get this done
can you simplify this function
please simplify the config parser
make the README shorter
explain the code in simple terms for the README
I'm not frustrated
not angry, just tired
the wtf package is deprecated
run wtf.sh
how long is too long for a PR title?
the function is too complicated, refactor it
I broke the build, sorry
my change broke it, can you revert
it was broken but now works
I already told the team
the bug is back
there's another failure in CI
another error showed up in the log, please check
this is a nice mess of a diff, haha
again, please run it
run lint again!
Great! It works again.
Great, tests pass again
the second time it works
this is the second time zone bug we fix
thanks for fixing main
thanks for breaking it down for me
stop sign detection model accuracy?
when should I stop the training?
I don't want to stop now
we should stop using lodash
please stop using var, use const
stop sending telemetry from the app
stop sending emails to customers in staging
the service is not working, restart it
login isn't working for user 42
nothing is working on staging since the deploy, can you look at it
`,
});

export const THIRD_ROUND = labelled({
  'back-off': String.raw`
Could you stop?
I really need you to be quiet right now
For today I'm done with you, stop
Please don't contact me before Monday
Seven messages in ten minutes, that's too much
Please hold off with the pings
would you mind not writing to me all the time
You are flooding my inbox
my phone is exploding, stop it
please leave me out of this
I don't need to know about every test run
less messages please
fewer notifications please
stop, stop, stop
that's it, no more messages
Leave me alone, I'm on holiday
don't bug me
quiet now
I'm sleeping, go away
you talk too much
Can I have some peace?
enough for today
no more, please
can you chill with the alerts
stop notifying me, I know the build is red
I know, I know. Stop.
please stop with these reminders
do not write to me again today
lass mich einfach in Ruhe
hör auf mir zu schreiben
`,
  acknowledge: String.raw`
You just broke the login page
Third failed deploy in a row, what is wrong with you?
it crashed again, unbelievable
I've explained this three times now
And it's broken. Again.
Why do you always touch files I didn't mention?
fuck, it's down again
This used to work before you touched it
How is it possible that this fails every day
the fix didn't fix anything
Another day wasted
I'm really angry now
this makes me so mad
you keep ignoring my rules
great, now nothing works
congrats, you broke it
well done, prod is down
Did you even test this?
you didn't even run the tests
it's the same bug as last week, come on
WHY IS IT STILL FAILING
this tool is a joke
honestly this is terrible
I'm done with this crap
what did you do to my config?!
no no no, that's wrong again
wtf did you push
you're making it worse
Das ist jetzt das dritte Mal
warum geht das schon wieder nicht
`,
  simplify: String.raw`
Sorry, what?
I don't understand your last message
I have no idea what you are talking about
can you say this in normal words
What are you trying to tell me?
please explain this to me like I'm a beginner
That's a lot. What's the short version?
so is it good or bad? just tell me
can you put that in plain language
too many details
I got lost halfway
which means what exactly?
i dont get what you want
this is all Greek to me
could you be more concise?
give me one sentence
Simple answer please
skip the theory
long answer, short question. again please but shorter
I can't follow this explanation
your report is way too long
speak in simple sentences
what does any of this mean
that was confusing
Explain it again, simpler
Erklär das bitte einfacher
ich versteh das nicht
du schreibst zu viel
I need the conclusion only
ok but in English
`,
  none: String.raw`
Can you stop the container named web-3?
Stop the release until Anna approves
please stop the scheduled backup
I stopped the server already
when does the night shift stop?
The rate limiter sends too many requests to the API
our users get too many alerts, let's add a threshold
what notifications did you send today?
remind me tomorrow at 9
please write me when the build is done
leave the release notes alone, Anna edits them
let me know if I should leave anything out
be quiet mode should be an option in our app
the crash on startup is still open, right?
does the same error show up again in today's log?
check whether the job fails again tonight
The test for the third time slot is flaky
this is a great idea, thanks
great, deploy it
oh great, that was easy
damn, you're good
holy moly, nice
that's crazy fast
the staging box is down, restart it please
Main is broken since the last merge, bisect it please
A customer says nothing works on Safari, please investigate
someone deleted the wrong bucket yesterday, add a guard
you deleted the branch, right?
you can delete the old logs
what does that function do when the list is empty
what does the third argument mean
I don't understand the type error in loop.ts, can you look
explain the retry logic to me
explain in the README how to install it
summarize the last ten commits
how long is the longest function
this function is too long
the title is too long for Slack
what's the difference between lane and job
make the button text shorter
use simple words in the onboarding mail
not annoyed, just asking
it isn't broken any more
don't worry about it
never stop improving :)
I was wrong, sorry
my mistake again
try once more
do it like last time
kill all zombie processes
nuke the cache
blow away node_modules and reinstall
please shut down the test database
the word "stop" is reserved
he answered 'leave me alone' to the bot
what's wrong with PR 17?
is it wrong to use any here
any news?
what a day
what a great release
what the diff shows is fine
why does the build take an hour
seriously, thank you
I'm lost in the code base, where does the router live?
mach bitte weiter
wann läuft der Job wieder
zeig mir die letzten Nachrichten
`,
});
