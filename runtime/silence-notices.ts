/**
 * Keeps dependencies from printing of themselves into what users see: the AWS SDK, which webtasks load too, tells on
 * Node 20 how long it will go on to support it.
 *
 * @param env - the environment that the SDK reads when it loads
 */
export function silenceNotices(env: NodeJS.ProcessEnv): void {
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
