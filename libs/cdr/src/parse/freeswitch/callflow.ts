import { callflowName } from './json.ts';
import { asTree, childOf, listOf, memberOf, textOf, cleanText, type Tree } from './tree.ts';

/** A section of a leg between two transfers: caller, callee and times. */
export interface Callflow {
  profile(name: string): string | null;
  /** Microseconds since the epoch as text, such as `created_time`. */
  time(name: string): string | null;
  /** The uuid of the leg that originated this one, or of the leg it originated. */
  peer(role: 'originator' | 'originatee'): string | null;
}

const member = (tree: Tree | null, name: string): string | null => cleanText(textOf(memberOf(tree, name)));

/** JSON has a list `originator_caller_profiles`; XML repeats the element `originator_caller_profile`. */
function peerOf(profile: Tree | null, role: string): string | null {
  const holder = childOf(profile, role);
  const peers = [`${role}_caller_profiles`, `${role}_caller_profile`].flatMap((name) =>
    listOf(memberOf(holder, name)),
  );
  return member(asTree(peers.at(-1)), 'uuid');
}

function readCallflow(tree: Tree): Callflow {
  const profile = childOf(tree, 'caller_profile');
  const times = childOf(tree, 'times');
  return {
    profile: (name) => member(profile, name),
    time: (name) => member(times, name),
    peer: (role) => peerOf(profile, role),
  };
}

const indexOf = (tree: Tree): number => Number(textOf(memberOf(tree, 'profile_index')) ?? NaN);

/**
 * The callflows of a leg, original first. The switch writes the newest first, as an array, a single object or
 * a repeated member; `profile_index`, where present, counts from the original and overrides that order.
 */
export function readCallflows(document: Tree): Callflow[] {
  const found: unknown[] = [];
  for (let index = 0; memberOf(document, callflowName(index)) !== undefined; index++)
    found.push(...listOf(memberOf(document, callflowName(index))));
  const oldestFirst = found
    .map(asTree)
    .filter((tree) => tree !== null)
    .reverse();
  return oldestFirst.sort((a, b) => indexOf(a) - indexOf(b) || 0).map(readCallflow);
}
