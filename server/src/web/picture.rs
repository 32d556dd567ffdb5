//! Pictures of panels and dashboards: SVG to PNG and PDF, without a browser.

use std::sync::{Arc, LazyLock};

use model::error::{Error, Kind};
use resvg::{
    tiny_skia::{Pixmap, PremultipliedColorU8, Transform},
    usvg::{ImageHrefResolver, Options, Tree, fontdb},
};
use tokio::sync::Semaphore;

/// What Arial and its like are replaced by: every server draws the same, also in an image without fonts.
const FAMILY: &str = "Liberation Sans";
const FACES: [&[u8]; 2] =
    [include_bytes!("../../fonts/LiberationSans-Regular.ttf"), include_bytes!("../../fonts/LiberationSans-Bold.ttf")];
/// 256 MiB of memory.
const MOST_PIXELS: f64 = 64e6;
/// Pictures that are drawn at a time: each keeps a processor busy.
const AT_A_TIME: usize = 2;

/// The machine's own fonts stand behind ours, for scripts that ours has no letters for.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for face in FACES {
        fonts.load_font_data(face.to_vec());
    }
    fonts.load_system_fonts();
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    Png,
    Pdf,
}

impl File {
    pub fn content_type(self) -> &'static str {
        match self {
            File::Png => "image/png",
            File::Pdf => "application/pdf",
        }
    }

    pub fn ending(self) -> &'static str {
        match self {
            File::Png => "png",
            File::Pdf => "pdf",
        }
    }
}

/// The picture as a file; `scale` is pixels of a PNG to one of the picture. Errors: it would be too large.
pub async fn draw(svg: String, to: File, scale: f32) -> Result<Vec<u8>, Error> {
    let drawn = async {
        let _turn = TURNS.acquire().await.map_err(|error| Trouble::Broken(error.to_string()))?;
        let drawn = tokio::task::spawn_blocking(move || match to {
            File::Png => png(&tree(&svg)?, scale),
            File::Pdf => pdf(&tree(&svg)?),
        });
        drawn.await.map_err(|error| Trouble::Broken(error.to_string()))?
    };
    drawn.await.map_err(|trouble| match trouble {
        Trouble::TooLarge(reason) => Error::invalid("scale", reason),
        Trouble::Broken(reason) => {
            tracing::error!(reason, "a picture could not be drawn");
            Error::new(Kind::Internal, "The picture could not be drawn.")
        }
    })
}

enum Trouble {
    TooLarge(String),
    Broken(String),
}

fn pdf(tree: &Tree) -> Result<Vec<u8>, Trouble> {
    let drawn = svg2pdf::to_pdf(tree, Default::default(), Default::default());
    drawn.map_err(|error| Trouble::Broken(error.to_string()))
}

fn tree(svg: &str) -> Result<Tree, Trouble> {
    let options = Options {
        font_family: FAMILY.to_owned(),
        fontdb: FONTS.clone(),
        // Our pictures name no other file; if ever one did, it would not be opened.
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(|error| Trouble::Broken(error.to_string()))
}

fn png(tree: &Tree, scale: f32) -> Result<Vec<u8>, Trouble> {
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil(), (size.height() * scale).ceil());
    if f64::from(width) * f64::from(height) > MOST_PIXELS {
        let reason =
            format!("The picture would have {width} by {height} pixels: choose a smaller scale, width or height.");
        return Err(Trouble::TooLarge(reason));
    }
    let broken = |reason: &dyn ToString| Trouble::Broken(reason.to_string());
    let mut pixels = Pixmap::new(width as u32, height as u32).ok_or_else(|| broken(&"no pixels"))?;
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    packed(&pixels).map_err(|error| broken(&error))
}

/// As a file. Areas of one colour pack best without a filter and with more care than tiny-skia's own encoder takes: a third of its size.
fn packed(pixels: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::NoFilter);
    let plain = |pixel: &PremultipliedColorU8| {
        let colour = pixel.demultiply();
        [colour.red(), colour.green(), colour.blue(), colour.alpha()]
    };
    let data: Vec<u8> = pixels.pixels().iter().flat_map(plain).collect();
    encoder.write_header()?.write_image_data(&data)?;
    Ok(file)
}
