/** What `qalqan --help` says, of the whole and of each command. */
import { VERSION } from './about.ts'

export const HELP = `Qalqan ${VERSION}: a DNS-level filtering resolver front.

Usage: qalqan <command> [options]

Commands:
  serve                 answer DNS queries until told to stop
  check                 read a configuration and say what is wrong with it
  explain NAME          say whether and why NAME is blocked
  block NAME            block NAME at once, until it is unblocked
  feeds ACT             status, refresh, diff, approve, rollback, history, proof, verify, due: versions of lists
  appeals ACT           list, show or decide: what visitors object to
  flush NAME            forget the cached answers for NAME; with --below also for all names below it
  unblock NAME          end an urgent block of NAME; with --feeds also those of feeds

Options of all commands:
  -c, --config FILE     the configuration (default: config/qalqan.yaml)
  -h, --help            this text, or that of a command
  -V, --version         the version
`

export const COMMAND_HELP: Readonly<Record<string, string>> = {
  serve: `Usage: qalqan serve [--config FILE]

Reads the configuration and the feeds, then answers DNS queries over UDP and TCP.
SIGHUP reads the feeds again. SIGTERM and SIGINT answer what is in flight and end within 5 s.
`,
  check: `Usage: qalqan check [--config FILE]

Prints every problem as FILE:LINE:COLUMN: problem, and exits 1; or exits 0.
`,
  explain: `Usage: qalqan explain NAME [--client ADDRESS | --policy POLICY] [--json] [--config FILE]

Says whether NAME is blocked, by what, and what every feed says of it.
  --client ADDRESS      for whoever asks from ADDRESS (default: whoever no policy names)
  --policy POLICY       under that policy, whoever asks
  --json                for machines
Exits 0 whether NAME is blocked or not.
`,
  block: `Usage: qalqan block NAME --case NUMBER [--class CLASS] [--category CATEGORY] [--exact] [--reason TEXT] [--config FILE]

Blocks NAME and all below it, in every worker within a second and after a restart. Where no server answers within 5 s it says
so: then the block is on record, and holds from the next start. Exits 1 where the server cannot put it in force.
  --case NUMBER         the number by which the block is known; it is told to who asks
  --class CLASS         hotline (default), legal or household
  --category CATEGORY   one that a feed has (default: that of the first feed of the class)
  --exact               NAME alone
  --reason TEXT         for the record
`,
  feeds: `Usage: qalqan feeds status [--json] [--config FILE]
       qalqan feeds refresh [NAME] [--timeout DURATION] [--json] [--config FILE]
       qalqan feeds refresh [NAME] --no-wait [--config FILE]
       qalqan feeds diff NAME [--from VERSION] [--to VERSION] [--json] [--config FILE]
       qalqan feeds approve NAME --by PERSON [--config FILE]
       qalqan feeds rollback NAME [--to VERSION] --by PERSON [--reason TEXT] [--config FILE]
       qalqan feeds history [NAME] [--json] [--config FILE]
       qalqan feeds proof DOMAIN|ADDRESS --on DAY [--json] [--config FILE]
       qalqan feeds verify [--json] [--config FILE]
       qalqan feeds due [--json] [--config FILE]

status    reads every feed as the server does, and says what is in force, held back or quarantined, and which exceptions of guards hold
refresh   asks the running server to fetch and read NAME, or all feeds, now, and waits for what comes of each: not modified, applied, held back or failed;
          exits 1 where one was held back or failed, or nothing came within DURATION (5m); with --no-wait it only asks
diff      names that come and go from the version in force to the source as it is, and which of them are near names that everybody needs
approve   lets the version of NAME pass that its limits hold back, or ends a rollback; the running server takes it within seconds
rollback  goes back to the version before, or to VERSION, until approve
history   which version was in force when
proof     whether DOMAIN, or ADDRESS in answers or as a client, was listed on DAY (such as 2026-11-20, UTC), and whether that was in force, quarantined by a
          guard, only monitored or overruled by an exception, from the versions of then
verify    checks that no line of the history was changed and every kept version is what it was; exits 1 where not
due       rules whose date for a re-check has come

A VERSION is its number in the history, or the first eight digits or more of its SHA-256.
`,
  appeals: `Usage: qalqan appeals list [--open] [--json] [--config FILE]
       qalqan appeals show TICKET [--contact] [--json] [--config FILE]
       qalqan appeals decide TICKET --uphold --by PERSON --reason TEXT [--name NAME] [--config FILE]
       qalqan appeals decide TICKET --reject --by PERSON --reason TEXT [--config FILE]

list      all appeals, or with --open those that are not decided
show      one of them; --contact also what was given to be reached by
decide    --uphold lifts the rule for the very site, or those of the case, at once, as 'unblock --feeds' does; a rule for a name above the site
          also blocks others, and is lifted only where --name says so. --reason is what the person reads
`,
  flush: `Usage: qalqan flush NAME [--below] [--config FILE]

Has the running server forget the cached answers for NAME, in every worker within a second; exits 1 where none runs.
  --below               those for all names below it as well
`,
  unblock: `Usage: qalqan unblock NAME [--feeds] [--reason TEXT] [--config FILE]

Ends what 'block' or 'unblock --feeds' has set for NAME: from then on the feeds decide again.
  --feeds               instead, lift the blocks that feeds have for this very name, those to come as well, until 'unblock NAME' without it;
                        blocks of names above it hold
  --reason TEXT         for the record
`,
}
