import type { Setting } from './setting.ts';

/** How much a container, and what it runs in, may have. */
export const LIMIT_SETTINGS = {
  quotaWebtasks: {
    env: 'WEBTASK_QUOTA_WEBTASKS',
    help: 'webtasks that a container can have; 1000 by default, 0 for any number',
  },
  quotaCodeBytes: {
    env: 'WEBTASK_QUOTA_CODE_BYTES',
    help: 'bytes of code that a container can have; 104857600 by default, 0 for any number',
  },
  quotaStorageBytes: {
    env: 'WEBTASK_QUOTA_STORAGE_BYTES',
    help: 'bytes of storage that a container can have; 104857600 by default, 0 for any number',
  },
  quotaLogStreams: {
    env: 'WEBTASK_QUOTA_LOG_STREAMS',
    help: 'streams of the logs of a container that one server has open; 20 by default, 0 for any number',
  },
  quotaCronJobs: {
    env: 'WEBTASK_QUOTA_CRON_JOBS',
    help: 'cron jobs that a container can have; 100 by default, 0 for any number',
  },
  limitBlocked: {
    env: 'WEBTASK_LIMIT_BLOCKED_MS',
    help: 'milliseconds that a webtask may keep everything else from running; 5000 by default',
  },
  workers: { env: 'WEBTASK_WORKERS', help: 'processes of containers that there are at most; 50 by default' },
  spareWorkers: {
    env: 'WEBTASK_SPARE_WORKERS',
    help: 'processes that are started before a container needs one; 1 by default',
  },
  workerIdle: {
    env: 'WEBTASK_WORKER_IDLE_MS',
    help: 'milliseconds without a request after which the process of a container is ended; 600000 by default',
  },
  workerRestart: {
    env: 'WEBTASK_WORKER_RESTART_MS',
    help: 'milliseconds that a container waits for its next process where four have ended within 10 s; 2000 by default',
  },
  limitCpu: {
    env: 'WEBTASK_LIMIT_CPU_MS',
    help: 'milliseconds of CPU time that a container has in any 60 s; 10000 by default',
  },
  limitMemory: {
    env: 'WEBTASK_LIMIT_MEMORY_BYTES',
    help: 'bytes of memory that a container has, buffers included; 268435456 by default',
  },
  limitProcesses: {
    env: 'WEBTASK_LIMIT_PROCESSES',
    help: 'processes and threads that a container can have; 64 by default',
  },
  limitFiles: {
    env: 'WEBTASK_LIMIT_FILES',
    help: 'files and sockets that a process of a container can have open; 1024 by default',
  },
  limitTemporary: {
    env: 'WEBTASK_LIMIT_TEMPORARY_BYTES',
    help: 'bytes of the temporary folder of a container; 67108864 by default',
  },
  limitOutput: {
    env: 'WEBTASK_LIMIT_OUTPUT_BYTES',
    help: 'bytes that a container can print in any 10 s; 10485760 by default',
  },
  limitBody: {
    env: 'WEBTASK_LIMIT_BODY_BYTES',
    help: 'bytes of a body that is parsed for a webtask; 1048576 by default',
  },
  limitReply: { env: 'WEBTASK_LIMIT_REPLY_BYTES', help: 'bytes of the body of an answer; 1073741824 by default' },
  limitReplyHeaders: {
    env: 'WEBTASK_LIMIT_REPLY_HEADER_BYTES',
    help: 'bytes of the headers of an answer; 65536 by default',
  },
} as const satisfies Record<string, Setting>;
