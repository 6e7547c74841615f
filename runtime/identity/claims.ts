/** The claims of an access token, as its JSON says them. */
export interface JwtClaims {
  readonly iss: string;
  readonly exp: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly iat?: number;
  readonly nbf?: number;
  readonly jti?: string;
  /** The session it was issued in (OpenID Connect). */
  readonly sid?: string;
  readonly client_id?: string;
  /** Scopes with spaces between (RFC 9068). */
  readonly scope?: string;
  readonly [name: string]: unknown;
}
