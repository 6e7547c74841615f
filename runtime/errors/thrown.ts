/**
 * Marks the reason of a rejected promise that stands for a throw: its value is what was thrown. Whoever has to wait before
 * he calls a webtask can no longer throw to who called him. (By a name that every copy of the kit knows it by.)
 */
export const THROWN = Symbol.for('webtask-kit.thrown');
