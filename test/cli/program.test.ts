import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runProgram } from '../support/program.ts';

const HELP = {
  '--help': `Usage: webtask [options] [command]

Write, test and serve webtasks: one file is a function, a signed token is its
address.

Options:
  -v, --version                  print the version
  -h, --help                     print this help

Commands:
  new [options] <name> [folder]  write a webtask and its test, or a project: new
                                 pay, new project my-tasks
  dev [options] [files...]       serve the webtasks of this folder, without
                                 tokens, and reload what you save
  run [options] <file>           send one request to a webtask and print the
                                 response
  serve [options] [folder]       serve webtasks by their tokens
  token                          mint a token, or say what one holds
  logs [options] [container]     show what the webtasks of a container print,
                                 and their requests, as it happens
  cron                           run the cron job of a webtask
  keys                           list, change and hand out the keys of a server
  backup [options] <file>        copy the store into one file, while servers
                                 work with it
  restore [options] <file>       write a backup into an empty store
  export [options] <folder>      write the webtasks of a container into a
                                 folder: code, metadata, storage, cron jobs
  import [options] [folder]      bring webtasks to a server: from an export, or
                                 from what a profile of wt-cli can still reach
  identity                       revoke access tokens, or say whether one is
                                 active

Tests run with mocha (npm test); wt-build mints the tokens of a repository.
Exit codes: 0 done, 1 the platform failed, 2 wrong use, 3 refused because of the webtask.
`,
  'dev --help': `Usage: webtask dev [options] [files...]

serve the webtasks of this folder, without tokens, and reload what you save

Arguments:
  files               webtasks; by default those of webtasks/

Options:
  --port <n>          port to listen on, 0 for any free one (default: 8721, env:
                      WEBTASK_PORT)
  --limit <ms>        milliseconds until a webtask without an answer is cut off
                      (default: 30000, env: WEBTASK_LIMIT_MS)
  --isolation <mode>  what webtasks run in: process (one of their own), sandbox
                      (the same, shut in with this folder), or inline (the
                      process of the server) (default: "process", env:
                      WEBTASK_ISOLATION)
  --inspect           take a debugger in the process of the webtasks, and limit
                      nothing in time as long as one is attached
  -h, --help          print this help
`,
  'run --help': `Usage: webtask run [options] <file>

send one request to a webtask and print the response

Arguments:
  file                        the webtask

Options:
  -q, --query <name=value>    add to the query; may be repeated
  -s, --secret <name=value>   give a secret, in place of those of .env; may be
                              repeated
  -H, --header <name: value>  add a header; may be repeated
  -d, --data <body>           send a body
  -X, --request <method>      method; by default GET, or POST with a body
  --isolation <mode>          what it runs in: this process, one of its own, or
                              one that is shut in (choices: "inline", "process",
                              "sandbox", default: "inline")
  --inspect                   wait for a debugger, and set no time limit
  -h, --help                  print this help

Exit codes: 0 for a status below 400, 4 for 4xx, 5 for 5xx, 2 wrong use, 3 the webtask does not compile.
`,
  'serve --help': `Usage: webtask serve [options] [folder]

serve webtasks by their tokens

Arguments:
  folder                       folder whose files and packages webtasks can
                               require

Options:
  --port <n>                   port to listen on, 0 for any free one (default:
                               8721, env: WEBTASK_PORT)
  --host <address>             address to listen on (default: "127.0.0.1", env:
                               WEBTASK_HOST)
  --data <folder>              folder of keys, tokens and storage (default:
                               ".webtask", env: WEBTASK_DATA)
  --isolation <mode>           what webtasks run in: sandbox (a process for each
                               container, shut in; by default where it can be
                               had), process (the same with no wall), or inline
                               (the process of the server) (env:
                               WEBTASK_ISOLATION)
  --network <policy>           where webtasks may connect to, unless they run
                               inline: public (the internet, and no private or
                               local address), all (what the server reaches,
                               too), or none (default: "public", env:
                               WEBTASK_NETWORK)
  --worker-users <first-last>  numbers of users that nothing else has, one for
                               each worker in a sandbox, where the server is
                               started as root (default: "200000-265535", env:
                               WEBTASK_WORKER_USERS)
  --limit <ms>                 milliseconds until a webtask without an answer is
                               cut off (default: 30000, env: WEBTASK_LIMIT_MS)
  --max-code <bytes>           largest code of a webtask, in bytes; 16777216 at
                               most (default: 5242880, env:
                               WEBTASK_MAX_CODE_BYTES)
  --url <url>                  public base of the URLs that the server prints,
                               where it is not where it listens (env:
                               WEBTASK_URL)
  --run-domain <domain>        domain under which each container's webtasks also
                               are, at http://{container}.{domain}/{name} (env:
                               WEBTASK_RUN_DOMAIN)
  --prove-hosts                a container claims a custom domain only where a
                               TXT record webtask:container:NAME says it is its
                               own (env: WEBTASK_PROVE_HOSTS)
  --trust-proxy <list>         addresses and networks of proxies, with commas
                               between, whose X-Forwarded- headers are believed
                               (env: WEBTASK_TRUST_PROXY)
  --tls-cert <file>            PEM file of a certificate with those that issued
                               it, to serve https; read again on SIGHUP (env:
                               WEBTASK_TLS_CERT)
  --tls-key <file>             PEM file of its private key (env:
                               WEBTASK_TLS_KEY)
  --allow-origin <origin>      origin that code may be fetched from although it
                               is not public; may be repeated (env:
                               WEBTASK_ALLOWED_ORIGINS)
  --identity <file>            JSON file of the tenants whose access tokens are
                               revoked here, at /api/identity/{tenant} (env:
                               WEBTASK_IDENTITY)
  --log-json                   log starts, stops and errors as JSON lines on
                               standard error (env: WEBTASK_LOG_JSON)
  --log-level <level>          with --log-json: error, info (also webtasks'
                               errors), or debug (also callers') (default:
                               "info", env: WEBTASK_LOG_LEVEL)
  -h, --help                   print this help
`,
  'logs --help': `Usage: webtask logs [options] [container]

show what the webtasks of a container print, and their requests, as it happens

Arguments:
  container        by default as WEBTASK_CONTAINER says, or default

Options:
  --name <name>    of one webtask only
  --json           as records of bunyan, one a line
  --server <url>   server to read from (default: "http://127.0.0.1:8721", env:
                   WEBTASK_SERVER)
  --token <token>  token that manages the container, or the server's master key
                   (env: WEBTASK_TOKEN)
  -h, --help       print this help

It goes on until ctrl+c; nothing is kept from before. With several servers, each shows what it ran itself.
Exit codes: 1 the server cannot be reached or ended the stream, 2 wrong use or no right to read.
`,
  'cron --help': `Usage: webtask cron [options] [command]

run the cron job of a webtask

Options:
  -h, --help           print this help

Commands:
  run [options] <job>  run a cron job now, whatever its schedule and state, and
                       print the result
`,
  'cron run --help': `Usage: webtask cron run [options] <job>

run a cron job now, whatever its schedule and state, and print the result

Arguments:
  job                 NAME, or CONTAINER/NAME

Options:
  --json              as JSON
  --container <name>  container of the job, where its name does not say it
                      (default: "default", env: WEBTASK_CONTAINER)
  --server <url>      server that runs it (default: "http://127.0.0.1:8721",
                      env: WEBTASK_SERVER)
  --token <token>     token that manages the container, or the server's master
                      key (env: WEBTASK_TOKEN)
  -h, --help          print this help

Exit codes: 0 it succeeded (a status of 2xx), 3 it failed, 1 no server ran it, 2 wrong use.
`,
  'token --help': `Usage: webtask token [options] [command]

mint a token, or say what one holds

Options:
  -h, --help                 print this help

Commands:
  mint [options]             print a token that runs code sent with the request
                             and, with a delegation depth, creates webtasks
  inspect [options] <token>  print claims, signer and abilities of a token
`,
  'token mint --help': `Usage: webtask token mint [options]

print a token that runs code sent with the request and, with a delegation depth,
creates webtasks

Options:
  --container <name>      container that the token is good for
  --expires <duration>    such as 30d, 12h, 90m; never by default
  --delegation-depth <n>  generations of tokens that may be issued from it, 1 to
                          create webtasks (default: 0)
  --data <folder>         folder of keys, tokens and storage (default:
                          ".webtask", env: WEBTASK_DATA)
  -h, --help              print this help
`,
  'token inspect --help': `Usage: webtask token inspect [options] <token>

print claims, signer and abilities of a token

Options:
  --decrypt        also open its secrets, for which the key is needed
  --json           as JSON
  --data <folder>  folder of keys, tokens and storage (default: ".webtask", env:
                   WEBTASK_DATA)
  -h, --help       print this help
`,
};

describe('the program webtask', () => {
  let cwd: string;
  before(() => {
    cwd = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-program-')));
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));
  const webtask = (args: string, env = {}) => runProgram('webtask', args === '' ? [] : args.split(' '), { cwd, env });

  for (const [args, text] of Object.entries(HELP)) {
    it(`explains itself: ${args}`, async () => {
      expect(await webtask(args)).to.deep.equal({ status: 0, stdout: text, stderr: '' });
    });
  }

  it('says its version', async () => {
    expect(await webtask('--version')).to.deep.equal({ status: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('explains itself where nothing was asked for, which is no success', async () => {
    expect(await webtask('')).to.deep.equal({ status: 2, stdout: '', stderr: HELP['--help'] });
  });

  it('says that there is nothing to serve', async () => {
    expect(await webtask('dev')).to.deep.equal({
      status: 2,
      stdout: '',
      stderr: `webtask dev: There are no webtasks in ${join(cwd, 'webtasks')}. Write one with: webtask new hello [DEV_NO_WEBTASKS]\n`,
    });
  });
});
