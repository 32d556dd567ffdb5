//! The second factor of users with a password: one-time codes, and codes for the day on which the telephone is gone.

use app::api::Factor;
use model::error::{Error, Kind};

use super::{
    Access, Act, Entered, Reader, Refused,
    desk::administrates,
    door::{Origin, nobody},
    failed, password,
    secret::{random, sha256},
    too_often, totp, write_down,
};
use crate::{
    clock::Clock,
    store::access::{self as store, Sha256},
};

/// Codes that are handed out for emergencies.
const RECOVERY_CODES: usize = 10;
/// Bytes of each: 80 bits, which nobody guesses.
const RECOVERY_BYTES: usize = 10;

impl Access {
    /// How the reader's own stands.
    pub async fn factor(&self, reader: &Reader) -> Result<Factor, Error> {
        let user_id = reader.in_person()?;
        let user = store::user::find(&self.pool, user_id).await.map_err(failed)?;
        if user.is_none_or(|user| user.issuer.is_some()) {
            return Ok(Factor::Elsewhere(
                self.provider().map_or(String::new(), |provider| provider.settings.name.clone()),
            ));
        }
        let Some(seal) = &self.seal else { return Ok(Factor::Unavailable) };
        Ok(match store::factor::find(&self.pool, user_id).await.map_err(failed)? {
            None => Factor::Off,
            Some(kept) if kept.is_confirmed => Factor::On { recovery: kept.recovery },
            Some(kept) => match seal.read(&kept.secret, &sealed_as(user_id)) {
                Ok(secret) => Factor::Begun { address: totp::address(&reader.name, &secret), secret },
                Err(_) => Factor::Off,
            },
        })
    }

    /// Makes a secret, which counts once a code by it was typed. Errors also: the password is wrong.
    pub async fn factor_begin(&self, reader: &Reader, password: &str) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        let seal = self.seal.as_ref().ok_or_else(unavailable)?;
        self.confirm_password(reader, user_id, password, "second_factor_begin").await?;
        let secret = totp::text(&random::<{ totp::SECRET }>());
        let sealed = seal.close(&secret, &sealed_as(user_id)).map_err(|error| {
            tracing::error!("a second factor cannot be kept: {error:#}");
            unavailable()
        })?;
        match store::factor::begin(&self.pool, user_id, &sealed).await.map_err(failed)? {
            true => Ok(()),
            false => Err(Error::invalid("do", "You have a second factor already.")),
        }
    }

    /// Returns codes for emergencies; all other sessions have ended.
    pub async fn factor_confirm(&self, reader: &Reader, typed: &str) -> Result<Vec<String>, Error> {
        let user_id = reader.in_person()?;
        self.limits.second_factor.take(&user_id).map_err(too_often)?;
        let kept = store::factor::find(&self.pool, user_id).await.map_err(failed)?.filter(|kept| !kept.is_confirmed);
        let step = kept.and_then(|kept| self.step(user_id, &kept, &tidy(typed)));
        let step = step.ok_or_else(|| {
            Error::invalid("code", "This is not the code of now. Is the clock of your telephone right?")
        })?;
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        if !store::factor::confirm(&mut transaction, user_id, step).await.map_err(failed)? {
            return Err(Error::invalid("code", "This code was used already."));
        }
        let codes = recovery(&mut transaction, user_id).await?;
        store::login::delete_all(&mut transaction, user_id, reader.login_id()).await.map_err(failed)?;
        write_down(&mut transaction, Act::new(reader, "second_factor_on", &reader.name)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(codes)
    }

    /// Other codes for emergencies: those before are worth nothing.
    pub async fn factor_recovery(&self, reader: &Reader, password: &str) -> Result<Vec<String>, Error> {
        let user_id = reader.in_person()?;
        self.confirm_password(reader, user_id, password, "recovery_codes").await?;
        let kept = store::factor::find(&self.pool, user_id).await.map_err(failed)?;
        if !kept.is_some_and(|kept| kept.is_confirmed) {
            return Err(Error::invalid("do", "You have no second factor."));
        }
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let codes = recovery(&mut transaction, user_id).await?;
        write_down(&mut transaction, Act::new(reader, "recovery_codes", &reader.name)).await?;
        transaction.commit().await.map_err(failed)?;
        Ok(codes)
    }

    pub async fn factor_end(&self, reader: &Reader, password: &str) -> Result<(), Error> {
        let user_id = reader.in_person()?;
        self.confirm_password(reader, user_id, password, "second_factor_off").await?;
        self.take_factor(reader, user_id, &reader.name).await
    }

    /// By an administrator, for a user who has neither the telephone nor a code.
    pub async fn user_factor_reset(&self, reader: &Reader, id: i64) -> Result<(), Error> {
        administrates(reader)?;
        let name = self.name_of(id).await?;
        self.take_factor(reader, id, &name).await
    }

    async fn take_factor(&self, reader: &Reader, user_id: i64, name: &str) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        if !store::factor::delete(&mut transaction, user_id).await.map_err(failed)? {
            return Err(Error::invalid("do", "There is no second factor to take away."));
        }
        store::sign_in::end_all(&mut transaction, user_id).await.map_err(failed)?;
        write_down(&mut transaction, Act::new(reader, "second_factor_off", name)).await?;
        transaction.commit().await.map_err(failed)
    }

    /// Whose code is awaited in the browser that has this cookie. `None`: nobody's, or no longer.
    pub async fn awaits_code(&self, cookie: &str) -> Result<bool, Error> {
        Ok(store::sign_in::find(&self.pool, &sha256(cookie)).await.map_err(failed)?.is_some())
    }

    /// Lets a browser in whose user has told a password, and now a code. Also returns where it goes.
    pub async fn prove(&self, cookie: &str, typed: &str, origin: &Origin) -> Result<(Entered, String), Refused> {
        self.limits.sign_in_address.take(&origin.address).map_err(Refused::TooOften)?;
        let waits = sha256(cookie);
        let found = store::sign_in::find(&self.pool, &waits).await.map_err(failed)?;
        let (user_id, next) = found.ok_or_else(|| {
            Error::new(Kind::SignedOut, "This took longer than ten minutes: begin again with your password.")
        })?;
        self.limits.second_factor.take(&user_id).map_err(Refused::TooOften)?;
        let typed = tidy(typed);
        let is_recovery = !totp::is_code(&typed);
        let fits = match is_recovery {
            true => store::factor::use_recovery(&self.pool, user_id, &sha256(&typed)).await.map_err(failed)?,
            false => self.use_code(user_id, &typed).await?,
        };
        let name = self.name_of(user_id).await?;
        let reader = Reader { name: name.clone(), ..nobody(origin) };
        if !fits {
            let act = Act::new(&nobody(origin), "sign_in", &name).with("wrong second factor").refused();
            self.journal.note(&act).await;
            return Err(Error::new(Kind::Invalid, "This code is wrong, over, or was used already.").into());
        }
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let ended = store::sign_in::end(&mut transaction, &waits).await.map_err(failed)?;
        if is_recovery {
            write_down(&mut transaction, Act::new(&reader, "recovery_code_use", &name)).await?;
        }
        transaction.commit().await.map_err(failed)?;
        if !ended {
            return Err(Error::new(Kind::SignedOut, "This sign-in was used already.").into());
        }
        Ok((self.enter(user_id, origin).await?, next))
    }

    async fn use_code(&self, user_id: i64, typed: &str) -> Result<bool, Error> {
        let kept = store::factor::find(&self.pool, user_id).await.map_err(failed)?.filter(|kept| kept.is_confirmed);
        match kept.and_then(|kept| self.step(user_id, &kept, typed)) {
            Some(step) => store::factor::use_step(&self.pool, user_id, step).await.map_err(failed),
            None => Ok(false),
        }
    }

    /// The step that a code is of, where it fits.
    fn step(&self, user_id: i64, kept: &store::factor::Factor, typed: &str) -> Option<i64> {
        let seal = self.seal.as_ref()?;
        let read = seal.read(&kept.secret, &sealed_as(user_id));
        let secret =
            read.inspect_err(|error| tracing::error!(user_id, "a second factor cannot be read: {error:#}")).ok()?;
        totp::step(&secret, typed, Clock::System.now().0.div_euclid(1_000), kept.last_step)
    }

    /// What only the user knows, asked again before something changes how they sign in.
    async fn confirm_password(&self, reader: &Reader, user_id: i64, password: &str, action: &str) -> Result<(), Error> {
        self.limits.sign_in_name.take(&reader.name.to_lowercase()).map_err(too_often)?;
        let kept = store::user::password_of(&self.pool, user_id).await.map_err(failed)?;
        if password::verify(password.to_owned(), kept).await.map_err(super::broken)? {
            return Ok(());
        }
        self.journal.note(&Act::new(reader, action, &reader.name).refused()).await;
        Err(Error::invalid("password", "This is not your password."))
    }
}

/// New codes in the place of those before, which are shown this once.
async fn recovery(connection: &mut sqlx::PgConnection, user_id: i64) -> Result<Vec<String>, Error> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| grouped(&random::<RECOVERY_BYTES>())).collect();
    let hashes: Vec<Sha256> = codes.iter().map(|code| sha256(&tidy(code))).collect();
    store::factor::set_recovery(connection, user_id, &hashes).await.map_err(failed)?;
    Ok(codes)
}

/// `abcd-efgh-ijkl-mnop`.
fn grouped(bytes: &[u8]) -> String {
    let text = totp::text(bytes).to_lowercase();
    let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// As it was meant, however it was typed.
fn tidy(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(100).collect::<String>().to_lowercase()
}

/// What a secret is sealed for: put into another user's row, it opens nothing.
fn sealed_as(user_id: i64) -> String {
    format!("second factor of user {user_id}")
}

fn unavailable() -> Error {
    Error::new(Kind::Unavailable, "This server has no key to keep secrets with.")
}
