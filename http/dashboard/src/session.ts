// Who is signed in, and what they may do. The server decides; the page only does not offer what it would refuse.
import { ApiError, call, connection, post } from './api';
import { refresh } from './live';
import { createStore } from './store';
import type { SessionAnswer } from './types';

const ROLES = ['viewer', 'producer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Session {
  /** unknown: not asked yet. none: nobody has to sign in. */
  state: 'unknown' | 'none' | 'signed-in' | 'signed-out';
  name: string;
  role: Role;
}

type Answer = Pick<SessionAnswer, 'user' | 'role' | 'loginRequired'>;

export const session = createStore<Session>({ state: 'unknown', name: '', role: 'viewer' });

export function fromAnswer({ user, role: named, loginRequired }: Answer): Session {
  const role = ROLES.find((one) => one === named) ?? 'viewer';
  return { state: loginRequired ? 'signed-in' : 'none', name: user, role };
}

export async function loadSession(): Promise<void> {
  try {
    session.set(fromAnswer(await call<Answer>('session')));
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(0, '', '');
    if (failure.status === 401) session.set({ state: 'signed-out', name: '', role: 'viewer' });
    // Else the server is away: the heartbeat says so, and asks again through `connection`.
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  await post('session', { username, password });
  await loadSession();
  connection.set('ok');
  refresh();
}

export async function signOut(): Promise<void> {
  await call('session', { method: 'DELETE' });
  session.set({ state: 'signed-out', name: '', role: 'viewer' });
}

export function mayOperate({ role }: Session): boolean {
  return role === 'operator' || role === 'admin';
}

export function startSession(): void {
  void loadSession();
  connection.subscribe((state) => {
    if (state === 'ok' && session.get().state === 'unknown') void loadSession();
  });
}
